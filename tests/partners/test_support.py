from django.urls import reverse

from avip.models import AccessLog
from partners.models import User
from tests.factories import make_user


def support():
    user = make_user("Sam", "Support")
    User.objects.filter(pk=user.pk).update(is_staff=True)
    return User.objects.get(pk=user.pk)


def borrow(client, person, reason="demande 12"):
    return client.post(reverse("partners:support"), {"email": person.email, "reason": reason})


def test_support_borrows_an_account_with_a_reason_on_record(client, director):
    helper = support()
    client.force_login(helper)

    assert borrow(client, director).status_code == 302
    assert client.session["_auth_user_id"] == str(director.pk)
    log = AccessLog.objects.get()
    assert (log.user, log.object_id, log.reason) == (helper, director.pk, "demande 12")


def test_without_a_reason_no_account_is_borrowed(client, director):
    client.force_login(support())

    assert "obligatoire" in borrow(client, director, reason="").content.decode()
    assert not AccessLog.objects.exists()


def test_support_never_borrows_the_account_of_support(client, db):
    client.force_login(support())

    assert "Aucun compte" in borrow(client, support()).content.decode()
    assert not AccessLog.objects.exists()


def test_for_anybody_else_the_page_does_not_exist(client, director, adviser):
    client.force_login(director)

    assert borrow(client, adviser).status_code == 404
    assert client.session["_auth_user_id"] == str(director.pk)


def test_a_file_read_in_a_borrowed_account_names_who_borrowed_it(client, adviser, agency):
    from tests.families.factories import make_household

    household = make_household(agency, adviser=adviser)
    helper = support()
    client.force_login(helper)
    borrow(client, adviser)
    client.get(household.get_absolute_url())

    reading = AccessLog.objects.get(object_id=household.pk)
    assert (reading.user, reading.borrowed_by) == (adviser, helper)
