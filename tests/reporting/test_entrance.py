from django.urls import reverse

from partners.models import User
from tests.factories import make_user


def persona():
    user = make_user()
    User.objects.filter(pk=user.pk).update(is_demo_persona=True)
    return user


def test_outside_the_demonstration_nobody_enters_without_a_password(client, db, settings):
    settings.DEMO = False
    user = persona()

    assert client.post(reverse("reporting:become"), {"persona": user.pk}).status_code == 404
    assert (
        "Entrer dans la démonstration" not in client.get(reverse("account_login")).content.decode()
    )
    assert "_auth_user_id" not in client.session


def test_one_click_enters_the_demonstration_as_one_of_its_people(client, db, settings):
    settings.DEMO = True
    user = persona()

    assert str(user) in client.get(reverse("account_login")).content.decode()
    client.post(reverse("reporting:become"), {"persona": user.pk})
    assert client.session["_auth_user_id"] == str(user.pk)


def test_even_there_only_invented_people_can_be_entered(client, db, settings):
    settings.DEMO = True
    real = make_user()

    for posted in (real.pk, "rien"):
        assert client.post(reverse("reporting:become"), {"persona": posted}).status_code == 404
    assert "_auth_user_id" not in client.session
