"""What the database refuses whatever the path: a page, a command, the admin, a shell."""

import pgtrigger

# The hard gate: no contract with a childminder without a validated situation. Note to childminders
# on the new label: « each situation is validated by the coordinator » (rule
# `childminder_requires_validation`). A renewal follows a chain that was validated at the same
# childminder's; a paper contract taken over is her coordinator's.
VALIDATED_BEFORE_CONTRACT = pgtrigger.Trigger(
    name="validated_before_contract",
    when=pgtrigger.Before,
    operation=pgtrigger.Insert
    | pgtrigger.UpdateOf("referral_id", "provider_id", "previous_id", "taken_over"),
    declare=[("is_validated", "boolean")],
    func="""
    IF NEW.taken_over THEN RETURN NEW; END IF;
    SELECT provider.kind <> 'childminder' OR EXISTS (
        SELECT 1 FROM families_avipcontract AS previous
        WHERE previous.id = NEW.previous_id AND previous.provider_id = NEW.provider_id
    ) OR EXISTS (
        SELECT 1 FROM families_referral AS referral
        WHERE referral.id = NEW.referral_id
        AND referral.provider_id = NEW.provider_id
        AND referral.validated_at IS NOT NULL
    ) INTO is_validated
    FROM partners_provider AS provider WHERE provider.id = NEW.provider_id;
    IF NOT is_validated THEN
        RAISE EXCEPTION 'contract_with_childminder_not_validated'
        USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
    """,
)

# A text that was proposed is the one its parties sign.
FROZEN_TEXT = pgtrigger.Protect(
    name="frozen_text",
    operation=pgtrigger.Update,
    condition=pgtrigger.Q(old__proposed_at__isnull=False)
    & (
        pgtrigger.Q(old__html__df=pgtrigger.F("new__html"))
        | pgtrigger.Q(old__text_sha256__df=pgtrigger.F("new__text_sha256"))
        | pgtrigger.Q(old__start_on__df=pgtrigger.F("new__start_on"))
        | pgtrigger.Q(old__end_on__df=pgtrigger.F("new__end_on"))
    ),
)
