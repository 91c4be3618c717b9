"""One dossier on the agenda of a committee: what is thought of it, what is decided."""

from django.contrib import messages
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.views.generic import View
from django.views.generic.detail import SingleObjectMixin

from avip.views import VisibleObjectsMixin, refusal_said
from labels import workflow
from labels.forms.committees import HeardOpinionsForm, PositionForm
from labels.forms.decisions import ItemDecisionForm
from labels.models import LabelCommittee
from labels.opinions import counts_of
from labels.summary import summary_context
from labels.views.committees import CommitteePage
from labels.workflow.committees import mark_of

C = LabelCommittee.Status


def item_of(committee, pk):
    """This point of this committee's agenda; 404 when it is another's."""
    agenda = committee.agenda.select_related(
        "application__provider__commune", "application__caf", "application__reviewer"
    )
    return get_object_or_404(agenda, pk=pk)


class AgendaItemPage(CommitteePage):
    """The dossier in short, the opinions, and the decision to note; read only before and after."""

    template_name = "labels/committee_item.html"
    form_class = ItemDecisionForm
    states = tuple(C)
    submit = "Noter la décision"

    def dispatch(self, request, *args, **kwargs):
        self.item = item_of(self.get_object(), kwargs["item"])
        return super().dispatch(request, *args, **kwargs)

    def get_initial(self):
        item = self.item
        names = ItemDecisionForm.WORDS
        noted = {name: getattr(item, name) for name in names if getattr(item, name)}
        return {"decision": item.application.proposal, "seen": mark_of(item), **noted}

    def get_form_kwargs(self):
        return {**super().get_form_kwargs(), "held_on": self.object.held_on}

    def take(self, form, who):
        words = form.cleaned_data | {"seen": form.cleaned_data["seen"] or None}
        workflow.note_decision(self.item, **who, **words)
        return self._next()

    def _next(self):
        """The next dossier without a decision, else the committee."""
        waiting = self.object.agenda.filter(settled_at=None, decision="")
        after = waiting.filter(position__gt=self.item.position).first() or waiting.first()
        if after is None:
            return None
        return reverse("labels:agenda_item", args=[self.object.pk, after.pk])

    def get_context_data(self, **kwargs):
        committee, item = self.object, self.item
        neighbours = list(committee.agenda.filter(settled_at=None).values_list("pk", flat=True))
        place = neighbours.index(item.pk) if item.pk in neighbours else None
        is_on = place is not None
        return super().get_context_data(
            item=item,
            summary=summary_context(item.application, timezone.localdate()),
            opinions=item.opinions.select_related("member", "noted_by").order_by("given_at"),
            counts=counts_of(committee, [item])[item.pk],
            previous=neighbours[place - 1] if place else None,
            following=neighbours[place + 1] if is_on and place + 1 < len(neighbours) else None,
            place=place + 1 if is_on else None,
            total=len(neighbours),
            may_decide=is_on and committee.status == C.CONVENED,
            may_move=is_on and committee.status in LabelCommittee.OPEN,
            **kwargs,
        )


class HeardOpinions(CommitteePage):
    """What each member said in session, noted by the Caf."""

    form_class = HeardOpinionsForm
    states = (C.CONVENED,)
    title = "Noter les avis"
    submit = "Enregistrer les avis"

    def dispatch(self, request, *args, **kwargs):
        self.item = item_of(self.get_object(), kwargs["item"])
        return super().dispatch(request, *args, **kwargs)

    def get_form_kwargs(self):
        return {
            **super().get_form_kwargs(),
            "members": list(self.object.members.all()),
            "given": {opinion.member_id: opinion for opinion in self.item.opinions.all()},
        }

    def take(self, form, who):
        workflow.note_opinions(self.item, by=who["by"], opinions=form.opinions)
        return reverse("labels:agenda_item", args=[self.object.pk, self.item.pk])

    def get_context_data(self, **kwargs):
        lead = f"{self.item.application.facility_name}. Un membre intéressé au dossier s’abstient."
        return super().get_context_data(**{"lead": lead, **kwargs})


class MoveItem(VisibleObjectsMixin, SingleObjectMixin, View):
    """Put the dossier at another place of the agenda, or take it off."""

    http_method_names = ["post"]
    model = LabelCommittee

    def post(self, request, *args, **kwargs):
        committee = self.get_object()
        item = item_of(committee, kwargs["item"])
        back = reverse("labels:agenda_item", args=[committee.pk, item.pk])
        with refusal_said(request):
            if kwargs["act"] == "retirer":
                workflow.take_off_agenda(item, by=request.user, on=timezone.localdate())
                messages.success(
                    request, f"{item.application.facility_name} attend un autre comité."
                )
                back = committee.get_absolute_url()
            elif kwargs["act"] == "deplacer":
                self._move(request, item)
            else:
                raise Http404
        return redirect(back)

    def _move(self, request, item):
        form = PositionForm(request.POST)
        if form.is_valid():
            workflow.move_item(item, form.cleaned_data["position"], by=request.user)
        else:
            messages.error(request, "Indiquez une place, par exemple 3.")
