"""The contracts of the parties: list, file, proposal, renewal, text, documents."""

from datetime import timedelta

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Prefetch
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse_lazy
from django.utils import timezone
from django.views.generic import DetailView, FormView, ListView, View
from django.views.generic.detail import SingleObjectMixin

from avip.views import RefusableForm, TakeStep, VisibleObjectsMixin, log_reading, serve_document
from families import contract_page, signature_rows
from families.contract_file import read_whole, with_parties
from families.contract_text import readable_code
from families.documents import articles_of, attached_to, essentials_of
from families.follow_up_page import follow_up_of, shows_review
from families.forms.contracts import ContractFilter, ProposeForm, RenewForm
from families.models import AvipContract, ContractVersion, Referral
from families.permissions import takes_part
from families.proposal import given_up_between, last_day_of_contract, last_day_of_renewal
from families.version_diff import changes_of
from families.workflow import contracts
from families.workflow.proposals import reasons_of_state
from families.workflow.referents import proposes, reasons_of_contract
from families.workflow.reviews import rows_of
from families.workflow.revisions import reasons_of_revision, withdraw_revision
from labels.rules import rules_for
from partners.permissions import is_hijacked


def for_parties(user, dossier):
    """Names and text are for the parties: the Caf sees the file and does not read them."""
    if not takes_part(user, dossier):
        raise PermissionDenied
    return dossier


def takes_over(user):
    """Whoever orients, gives care or coordinates may record a paper contract of its own."""
    reach = user.reach
    return bool(reach.agencies or reach.providers or reach.operators or reach.services)


# What a Caf reads of the families' path besides the contracts.
CAF_PAGES = [
    {"label": "Suivis proposés", "url": reverse_lazy("families:takeup_list")},
    {"label": "Dossiers qui se ressemblent", "url": reverse_lazy("families:match_list")},
    {"label": "Réseau d’assistantes maternelles", "url": reverse_lazy("families:network_list")},
]
# What somebody of a provider reaches from there: a childminder, her own line of the network.
OWN_PAGES = [{"label": "Ma place dans le réseau", "url": reverse_lazy("families:network_list")}]


class ContractList(VisibleObjectsMixin, ListView):
    model = AvipContract
    template_name = "families/contract_list.html"
    paginate_by = 20

    def get_queryset(self):
        seen = super().get_queryset().exclude(status=AvipContract.Status.DRAFT)
        self.filter = ContractFilter(self.request.GET, queryset=seen, request=self.request)
        return (
            self.filter.qs.select_related(
                "provider__facility", "provider__childminder", "household"
            )
            # The texts are long, and no line of the list reads them.
            .prefetch_related(
                Prefetch(
                    "versions", ContractVersion.objects.visible_to(self.request.user).defer("html")
                ),
                "household__parents",
            )
            .order_by("-start_on", "pk")
        )

    def get_context_data(self, **kwargs):
        context = super().get_context_data(filter=self.filter, **kwargs)
        user = self.request.user
        context["rows"] = [
            {
                "contract": contract,
                "version": contract.version,
                "name": contract_page.family_name(contract)
                if takes_part(user, contract)
                else readable_code(contract.code),
            }
            for contract in context["object_list"]
        ]
        context["named"] = not user.reach.cafs
        context["takes_over"] = takes_over(user)
        context["actions"] = CAF_PAGES if user.reach.cafs else []
        if user.reach.providers and not user.reach.runs_facilities:
            context["actions"] = OWN_PAGES
        return context


class ContractDetail(VisibleObjectsMixin, DetailView):
    model = AvipContract
    template_name = "families/contract_detail.html"
    context_object_name = "contract"

    def get_queryset(self):
        shown = super().get_queryset().exclude(status=AvipContract.Status.DRAFT)
        return with_parties(shown, timezone.localdate())

    def get_object(self, queryset=None):
        return read_whole(super().get_object(queryset))

    def get_context_data(self, **kwargs):
        contract, user = self.object, self.request.user
        log_reading(self.request, contract)
        on, now = timezone.localdate(), timezone.now()
        version, standing = contract.version, contract_page.standing(contract)
        version.contract = contract
        named = takes_part(user, contract)
        rows = signature_rows.signature_rows(version, user, now)
        reminder = signature_rows.reminder_for(version, user, on, now) if named else None
        waits = version.status == version.Status.TO_SIGN
        return super().get_context_data(
            version=version,
            named=named,
            title=contract_page.title_for(contract, user),
            reference=readable_code(contract.code),
            rows=rows,
            act=contract_page.next_act(contract, rows, user, on, reminder),
            reminder=reminder,
            waits=waits,
            standing=standing,
            is_revision=waits and contract.status == AvipContract.Status.ACTIVE,
            changes=changes_of(version) if named and waits else [],
            adjustments=contract_page.adjustments_of(contract, on) if named else [],
            may_change=named and not reasons_of_revision(contract) and not is_hijacked(user),
            referent=contract_page.referent_proposed(contract),
            may_propose_referent=proposes(user, contract, on) and not reasons_of_contract(contract),
            left_alone=contract.status == AvipContract.Status.ACTIVE and contract.agency_is_closed,
            facts=contract_page.facts(contract, standing, user, on),
            timeline=contract_page.timeline(contract, standing, on),
            history=contract_page.history_of(contract) if named else [],
            documents=contract_page.documents_of(standing) if named else [],
            sealing=contract_page.sealing_state(standing),
            may_renew=contract_page.may_renew(contract, user, on),
            following=contract_page.following(contract),
            follow_up=follow_up_of(contract, user, on),
            steps=contracts.CONTRACT.available(contract, user, on),
            **kwargs,
        )


class ContractText(VisibleObjectsMixin, DetailView):
    """The frozen text, as every party reads it."""

    model = AvipContract
    template_name = "families/contract_text.html"
    context_object_name = "contract"

    def get_context_data(self, **kwargs):
        contract = for_parties(self.request.user, self.object)
        log_reading(self.request, contract)
        version = contract.version
        return super().get_context_data(
            version=version,
            title=contract_page.title_for(contract, self.request.user),
            essentials=essentials_of(version.html),
            articles=articles_of(version.html),
            **kwargs,
        )


class ContractFormView(RefusableForm, VisibleObjectsMixin, SingleObjectMixin, FormView):
    """A form over a dossier that proposes a text."""

    done = "Le contrat est proposé\xa0: le texte est figé, chacun peut le lire et le signer."

    def dispatch(self, request, *args, **kwargs):
        self.object = for_parties(request.user, self.get_object())
        if reasons := self.reasons_to_go_back():
            for reason in reasons:
                messages.error(request, reason)
            return redirect(self.object)
        return super().dispatch(request, *args, **kwargs)

    def reasons_to_go_back(self):
        """Why this page, which names the family, is not shown."""
        return []

    def get(self, request, *args, **kwargs):
        log_reading(request, self.object)
        return super().get(request, *args, **kwargs)

    def refused(self, form, refusal):
        self.object.refresh_from_db()
        form.initial["seen"] = self.object.revision
        return super().refused(form, refusal)


class ContractPropose(ContractFormView):
    model = Referral
    form_class = ProposeForm
    template_name = "families/contract_propose.html"

    def dispatch(self, request, *args, **kwargs):
        existing = (
            AvipContract.objects.visible_to(request.user).live().filter(referral=kwargs["pk"])
        )
        if contract := existing.first():
            messages.info(request, "Un contrat existe déjà pour cette demande\xa0: le voici.")
            return redirect(contract)
        return super().dispatch(request, *args, **kwargs)

    def reasons_to_go_back(self):
        return reasons_of_state(self.object)

    def get_form_kwargs(self):
        referral = self.object
        given_up = given_up_between(referral, referral.from_on, self._last_day())
        return super().get_form_kwargs() | {"referral": referral, "given_up": given_up}

    def _last_day(self):
        referral = self.object
        rules = rules_for(referral.caf, referral.from_on)
        months, children = rules.contract_duration_months, list(referral.children.all())
        return last_day_of_contract(referral.from_on, months, children, rules)

    def get_context_data(self, **kwargs):
        referral = self.object
        rules = rules_for(referral.caf, referral.from_on)
        children = list(referral.children.all())
        return super().get_context_data(
            referral=referral,
            rules=rules,
            family=contract_page.family_name(referral),
            children=children,
            end_on=self._last_day(),
            **kwargs,
        )

    def take(self, form, who):
        return contracts.propose(self.object, **who, **form.terms()).contract


class ContractRenew(ContractFormView):
    model = AvipContract
    form_class = RenewForm
    template_name = "families/contract_renew.html"

    def get_form_kwargs(self):
        contract = self.object
        given_up = given_up_between(contract.referral, *self._dates())
        return super().get_form_kwargs() | {"contract": contract, "given_up": given_up}

    def _dates(self):
        contract = self.object
        start_on = contract.end_on + timedelta(days=1)
        children, rules = list(contract.children.all()), rules_for(contract.caf, start_on)
        return start_on, last_day_of_renewal(contract, children, rules)

    def get_context_data(self, **kwargs):
        contract = self.object
        start_on, end_on = self._dates()
        return super().get_context_data(
            contract=contract,
            family=contract_page.family_name(contract),
            start_on=start_on,
            end_on=end_on,
            review_rows=rows_of(contract) if shows_review(contract, timezone.localdate()) else [],
            **kwargs,
        )

    def take(self, form, who):
        return contracts.renew(self.object, **who, **form.terms()).contract


class ContractStep(TakeStep):
    model = AvipContract
    verbs = {"cancel": contracts.cancel, "withdraw_revision": withdraw_revision}


class ContractDocument(VisibleObjectsMixin, SingleObjectMixin, View):
    """The sealed contract or its evidence file, to the parties."""

    model = AvipContract
    http_method_names = ["get"]
    document = "sealed_pdf"

    def get(self, request, *args, **kwargs):
        contract = for_parties(request.user, self.get_object())
        document = self.find(contract)
        if document is None:
            messages.info(request, "Ce document n’est pas encore prêt. Revenez dans une minute.")
            return redirect(contract)
        log_reading(request, contract)
        return self.serve(document)

    def find(self, contract):
        return getattr(contract_page.standing(contract), self.document)

    def serve(self, document):
        return serve_document(document)


class ContractScan(ContractDocument):
    """The paper that a contract taken over was signed on."""

    def find(self, contract):
        return contract.scan


class ContractEvidence(ContractDocument):
    """The evidence as JSON: the very file that its sealed PDF holds."""

    document = "evidence_pdf"

    def serve(self, document):
        data = attached_to(bytes(document.data), "evidence.json")
        if data is None:
            raise Http404
        response = HttpResponse(data, content_type="application/json")
        name = document.filename.removesuffix(".pdf")
        response["Content-Disposition"] = f'attachment; filename="{name}.json"'
        response["X-Content-Type-Options"] = "nosniff"
        return response
