from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand

from labels.rules import RULES, TO_CONFIRM

PAGE = Path(settings.BASE_DIR) / "docs" / "regles.md"


def rules_page() -> str:
    """Every national value with its first day and its reference, in French, as docs/regles.md."""
    lines = [
        "# Règles du label",
        "",
        "Page écrite par `manage.py write_rules` depuis `labels/rules.py` : "
        "ne pas la modifier à la main.",
        "Une Caf peut fixer sa propre valeur, datée et motivée, quand la colonne « local » le dit.",
        "",
        "| Clé | Règle | À partir du | Valeur | Référence | Local |",
        "|---|---|---|---|---|---|",
    ]
    for key, rule in RULES.items():
        for day in sorted(rule.values):
            value, reference = rule.values[day]
            confirm = " **(à confirmer)**" if TO_CONFIRM in reference else ""
            lines.append(
                f"| `{key}` | {rule.label} | {day:%d/%m/%Y} | {_shown(rule, value)} | "
                f"{reference}{confirm} | {'oui' if rule.local else 'non'} |"
            )
    return "\n".join(lines) + "\n"


def _shown(rule, value):
    if isinstance(value, bool):
        return "oui" if value else "non"
    if isinstance(value, tuple):
        return (
            ", ".join(f"{name} jusqu’à {top}" for top, name in value)
            if isinstance(value[0], tuple)
            else ", ".join(value)
        )
    if rule.unit == "%":
        return f"{value * 100:.0f} %"
    return f"{value} {rule.unit}".strip()


class Command(BaseCommand):
    help = "Écrit docs/regles.md depuis labels/rules.py."

    def handle(self, *args, **options):
        PAGE.write_text(rules_page(), encoding="utf-8")
        self.stdout.write(f"{PAGE.relative_to(settings.BASE_DIR)} écrit")
