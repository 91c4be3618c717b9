"""The hard gate of the database: no contract with a childminder without a validated situation.

Whatever the path: a page, a command, the admin, a shell. Note to childminders on the new label:
« each situation is validated by the coordinator » (rule `childminder_requires_validation`).
"""

import pgtrigger

# A renewal follows a chain that was validated; a paper contract taken over is its coordinator's.
VALIDATED_BEFORE_CONTRACT = pgtrigger.Trigger(
    name="validated_before_contract",
    when=pgtrigger.Before,
    operation=pgtrigger.Insert
    | pgtrigger.UpdateOf("referral_id", "provider_id", "previous_id", "taken_over"),
    declare=[("is_validated", "boolean")],
    func="""
    IF NEW.previous_id IS NOT NULL OR NEW.taken_over THEN RETURN NEW; END IF;
    SELECT provider.kind <> 'childminder' OR EXISTS (
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
