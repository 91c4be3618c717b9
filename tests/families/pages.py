"""Reading pages in tests: who is signed in, where, what is written."""

from time import time

from allauth.account.internal.flows.login import AUTHENTICATION_METHODS_SESSION_KEY
from django.test import Client
from django.urls import reverse


def signed_in(user):
    """A browser in which this person has given her password."""
    client = Client()
    client.force_login(user)
    session = client.session
    session[AUTHENTICATION_METHODS_SESSION_KEY] = [{"method": "password", "at": time()}]
    session.save()
    return client


def url(name, dossier, *args):
    return reverse(f"families:{name}", args=[dossier.pk, *args])


def text_of(response):
    return response.content.decode()


def read(response):
    """The same with plain spaces."""
    return text_of(response).replace("\u00a0", " ")


def what_the_form_sends(response):
    """The fields of a form as the page prefilled them."""
    form = response.context["form"]
    values = {name: form[name].value() for name in form.fields}
    return {name: value for name, value in values.items() if value is not None}
