"""Small predicates of (by, object), without a query, that agree with the object's `visible_to`."""


def is_user(by):
    """A professional with an account, as opposed to a parent's link or the system."""
    return hasattr(by, "reach")


def is_caf_agent(by, obj):
    """Member of the Caf of this object."""
    return is_user(by) and obj.caf_id in by.reach.cafs


def is_caf_manager(by, obj):
    """Responsable in the Caf of this object."""
    return is_user(by) and obj.caf_id in by.reach.managed_cafs


def runs_provider(by, provider):
    """Director, operator, or the childminder herself: answers and signs for this provider."""
    if not is_user(by):
        return False
    if provider.pk in by.reach.providers:
        return True
    return not provider.is_childminder and provider.facility.operator_id in by.reach.operators


def coordinates(by, provider):
    """Coordinator of the municipal service of this childminder."""
    return (
        is_user(by)
        and provider.is_childminder
        and provider.childminder.service_id in by.reach.services
    )


def coordinates_childminder(by, provider):
    """Her coordinator; where her commune has no service, her Caf."""
    if coordinates(by, provider):
        return True
    alone = provider.is_childminder and provider.childminder.service_id is None
    return alone and is_caf_agent(by, provider)


def keeps_calendar(by, provider):
    """Who gives care or coordinates her; the Caf, of a childminder without a service."""
    return runs_provider(by, provider) or coordinates_childminder(by, provider)


def is_adviser(by, obj):
    """Member of the agency of this object."""
    return is_user(by) and obj.agency_id in by.reach.agencies


def is_hijacked(by):
    """Somebody of the support team is looking through this account: it does nothing."""
    return getattr(by, "is_hijacked", False)


def administers(by, organisation):
    """Keeps the team of this organisation: an administrator of it, or of what runs it."""
    if not is_user(by) or is_hijacked(by):
        return False
    mine = {m.organisation.pk for m in by.memberships_today if m.is_admin and m.organisation}
    return not mine.isdisjoint({organisation.pk, *_runners_of(organisation)})


def _runners_of(organisation):
    """What runs a crèche or accompanies a childminder."""
    if organisation._meta.model_name != "provider":
        return set()
    if organisation.is_childminder:
        return {organisation.childminder.service_id}
    return {organisation.facility.operator_id}


def can_impersonate(*, hijacker, hijacked):
    """Support may borrow the account of a professional, never of one of its own."""
    return hijacker.is_staff and hijacker.is_active and not hijacked.is_staff and hijacked.is_active
