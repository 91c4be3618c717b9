import re

from django.core.exceptions import ValidationError
from stdnum.exceptions import ValidationError as InvalidNumber
from stdnum.fr import siren, siret


def validate_siret(value):
    """Refuse a SIRET whose length or key (Luhn) is wrong."""
    try:
        siret.validate(value)
    except InvalidNumber as error:
        raise ValidationError(
            "Ce numéro SIRET n’existe pas : il compte 14 chiffres et sa clé ne correspond pas. "
            "Vérifiez-le sur un avis de situation Insee."
        ) from error


def validate_siren(value):
    """Refuse a SIREN whose length or key (Luhn) is wrong."""
    try:
        siren.validate(value)
    except InvalidNumber as error:
        raise ValidationError("Ce numéro SIREN n’existe pas : vérifiez ses 9 chiffres.") from error


def phone_number(text):
    """Ten digits, or an international number; raises ValidationError in words."""
    phone = re.sub(r"[\s.\-()\u202f]", "", text)
    if phone and not re.fullmatch(r"0[1-9]\d{8}|\+\d{8,15}", phone):
        raise ValidationError(
            "Écrivez dix chiffres, par exemple 06 12 34 56 78, ou un numéro qui commence par +."
        )
    return phone


def is_mobile(phone) -> bool:
    """Whether a French number receives SMS: it begins with 06 or 07, overseas too."""
    digits = re.sub(r"\D", "", phone)
    return bool(re.fullmatch(r"(0|33|262|590|594|596)[67]\d{8}", digits))
