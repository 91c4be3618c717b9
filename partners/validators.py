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
