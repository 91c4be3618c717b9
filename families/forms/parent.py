"""What a parent types on her telephone: a code."""

from django import forms

from families.forms.signing import CodeField


class CodeForm(forms.Form):
    code = CodeField()
