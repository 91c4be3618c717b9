"""Tests about the code: what people would have to remember, a test remembers."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.db import models
from django.urls import get_resolver
from django.urls.resolvers import URLPattern, URLResolver

ROOT = Path(settings.BASE_DIR)
APPS = ["partners", "labels", "families", "reporting"]  # each may import those before it
CODE = [
    path
    for app in ["avip", *APPS]
    for path in sorted((ROOT / app).rglob("*.py"))
    if "migrations" not in path.parts
]
PURE = {"rules.py", "checks.py", "workflow.py", "planning.py", "calendars.py"}


def name_of(path):
    return str(path.relative_to(ROOT))


@cache
def tree_of(path):
    return ast.parse(path.read_text(encoding="utf-8"))


def imported_modules(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def dotted(node):
    """`a.b.c` of an attribute chain, calls left out."""
    parts = []
    while isinstance(node, ast.Attribute | ast.Call):
        if isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        else:
            node = node.func
    parts.append(getattr(node, "id", "?"))
    return ".".join(reversed(parts))


@pytest.mark.parametrize("path", CODE, ids=name_of)
def test_imports_follow_the_arrow(path):
    app = path.relative_to(ROOT).parts[0]
    if path == ROOT / "avip" / "urls.py":
        return
    above = APPS if app == "avip" else APPS[APPS.index(app) + 1 :]
    climbed = [m for m in imported_modules(tree_of(path)) if m.split(".")[0] in above]
    assert not climbed


@pytest.mark.parametrize("path", CODE, ids=name_of)
def test_no_name_of_a_model_climbs_the_arrow_in_a_string(path):
    """`apps.get_model`, string foreign keys and filters through a reverse name count as imports."""
    if path == ROOT / "avip" / "settings.py":
        return
    app = path.relative_to(ROOT).parts[0]
    above = APPS if app == "avip" else APPS[APPS.index(app) + 1 :]
    reverse_names = {
        relation.get_accessor_name()
        for model in apps.get_models()
        if model._meta.app_label == app
        for relation in model._meta.related_objects
        if relation.related_model._meta.app_label in above
    }
    found = []
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            if re.match(rf"({'|'.join(above) or '-'})\.[A-Z]\w+$", node.value):
                found.append(node.value)
        elif isinstance(node, ast.keyword) and node.arg:
            if node.arg.split("__")[0] in reverse_names and "__" in node.arg:
                found.append(node.arg)
        elif isinstance(node, ast.Attribute) and node.attr == "get_model":
            found.append(node.attr)
    assert not found


@pytest.mark.parametrize(
    "path",
    [p for p in CODE if "views" in p.parts or p.name.startswith("views")],
    ids=name_of,
)
def test_views_reach_rows_through_their_scope(path):
    """`visible_to`, and for public pages and links `public` and `for_link`; `create`
    makes, it does not reach.
    """
    allowed = {"visible_to", "public", "for_link", "create", "near", "managed_by"}
    doors = [
        f"{node.lineno}: {dotted(node)}"
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Attribute)
        and node.value.attr == "objects"
        and node.attr not in allowed
    ]
    assert not [door for door in doors if name_of(path) + ":" + door.split(": ")[1] not in REASONED]


# Reaches without a scope, each with its reason.
REASONED = {
    # The demonstration's sign-in: nobody is signed in yet, and only invented people are reached.
    "reporting/views/home.py:User.objects.personas",
    # Writing the log of readings.
    "avip/views.py:AccessLog.objects.create",
}


@pytest.mark.parametrize("path", CODE, ids=name_of)
def test_a_status_changes_only_in_the_workflow(path):
    if path == ROOT / "avip" / "workflow.py":
        return
    written = []
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Assign | ast.AugAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            written += [
                ast.unparse(t)
                for t in targets
                if isinstance(t, ast.Attribute)
                and t.attr == "status"
                and ast.unparse(t) != "self.status"
            ]
        elif isinstance(node, ast.Call) and dotted(node.func).split(".")[-1] in {
            "update",
            "bulk_update",
        }:
            written += [ast.unparse(node) for k in node.keywords if k.arg == "status"]
    assert not written


@pytest.mark.parametrize("path", CODE, ids=name_of)
def test_rules_and_workflows_are_told_the_day(path):
    if path.name not in PURE and "workflow" not in path.parent.name:
        return
    asked = [
        f"{node.lineno}: {dotted(node)}"
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Call)
        and dotted(node.func)
        in {"date.today", "timezone.localdate", "datetime.now", "timezone.localtime"}
        and not node.args
    ]
    assert not asked


@pytest.mark.parametrize("path", [*CODE, *sorted((ROOT / "tests").rglob("*.py"))], ids=name_of)
def test_no_file_outgrows_a_reader(path):
    limit = 500 if "tests" in path.parts else 400
    assert len(path.read_text(encoding="utf-8").splitlines()) <= limit


@pytest.mark.parametrize("path", CODE, ids=name_of)
def test_no_file_is_named_for_nothing(path):
    assert path.stem not in {
        "utils",
        "helpers",
        "services",
        "selectors",
        "misc",
        "common",
        "signals",
    }


@pytest.mark.parametrize("path", CODE, ids=name_of)
def test_numbers_of_the_law_stay_in_the_rules(path):
    """A share, a length of contract, a cap in hours or an age limit typed elsewhere
    would escape its date.
    """
    if name_of(path) == "labels/rules.py":
        return
    found = re.findall(
        r"Decimal\(.0\.[235]0?.\)|months=3\b|\b0\.20\b|>= ?20\b|<= ?50\b|\b2_?000\b.*bp|days=90\b",
        path.read_text(encoding="utf-8"),
    )
    assert not found


@pytest.mark.parametrize("path", CODE, ids=name_of)
def test_public_functions_say_what_they_promise(path):
    """Modules of rules and of steps: every public function and class has a docstring."""
    speaking = PURE | {"outbox.py", "jobs.py", "mail.py", "pdf.py", "seal.py", "figures.py"}
    if path.name not in speaking and path.parent.name != "workflow":
        return
    silent = [
        node.name
        for node in tree_of(path).body
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
        and not node.name.startswith("_")
        and not ast.get_docstring(node)
    ]
    assert not silent


@pytest.mark.parametrize("path", CODE, ids=name_of)
def test_rows_with_a_status_are_saved_by_the_workflow_alone(path):
    """`form.save()` of a model form, or `.save()` on a dossier, would write an old status back."""
    if path == ROOT / "avip" / "workflow.py":
        return
    dossiers = {m._meta.model_name for m in our_models() if hasattr(m, "history")} | {
        "dossier",
        "application",
        "version",
        "contract",
    }
    saved = [
        f"{node.lineno}: {dotted(node.func)}"
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Call)
        and dotted(node.func).split(".")[-1] == "save"
        and dotted(node.func).split(".")[0] in dossiers
        # A row that does not exist yet holds no status to lose.
        and not any(keyword.arg == "force_insert" for keyword in node.keywords)
    ]
    assert not saved


def our_models():
    return [m for m in apps.get_models() if m._meta.app_label in {"avip", *APPS}]


def test_names_for_the_eye_start_in_lower_case():
    """They are read in the middle of sentences; an acronym or a proper noun keeps its capitals."""
    proper = {"Caf", "SIREN", "SIRET", "RSA", "Insee"}
    wrong = [
        f"{model.__name__}.{field.name}: {field.verbose_name}"
        for model in our_models()
        for field in model._meta.fields
        if not field.auto_created
        and field.verbose_name[:1].isupper()
        and field.verbose_name.split()[0] not in proper
    ]
    assert not wrong


def test_every_status_is_out_of_reach_of_forms():
    wrong = [
        model.__name__
        for model in our_models()
        for field in model._meta.fields
        if field.name == "status" and field.editable
    ]
    assert not wrong


def test_every_model_with_a_status_records_its_history():
    silent = [
        model.__name__
        for model in our_models()
        if any(f.name == "status" for f in model._meta.fields) and not hasattr(model, "history")
    ]
    assert not silent


def test_no_save_is_overridden_and_no_signal_is_heard():
    overridden = [m.__name__ for m in our_models() if "save" in vars(m) or "delete" in vars(m)]
    heard = [
        name_of(p) for p in CODE if re.search(r"@receiver|(pre|post)_\w+\.connect", p.read_text())
    ]
    assert not overridden and not heard


def test_no_model_lies_outside_a_migration_of_bytes():
    """Files are `Document` rows, served through views that check rights: there is no file field."""
    assert not [
        f"{m.__name__}.{f.name}"
        for m in our_models()
        for f in m._meta.fields
        if isinstance(f, models.FileField)
    ]


TEMPLATES = sorted((ROOT / "templates").rglob("*.*"))


def test_every_template_is_used():
    """By a view, a mail, a document or another template; those that libraries look for excepted."""
    found_by_libraries = {"account", "mfa", "bootstrap5", "allauth"}
    code = "\n".join(p.read_text(encoding="utf-8") for p in CODE)
    text = "\n".join([code, *(p.read_text(encoding="utf-8") for p in TEMPLATES)])
    unused = []
    for path in TEMPLATES:
        name = str(path.relative_to(ROOT / "templates"))
        if name.split("/")[0] in found_by_libraries or re.match(r"\d{3}", name):
            continue
        stem = re.sub(r"(_subject)?\.(txt|html|css)$", "", name)
        generic = re.sub(r"_(list|detail|form|confirm_delete)\.html$", "", name)
        if (
            name in text
            or f'"{stem}"' in text
            or re.search(rf"\b{stem.split('/')[-1]}(_email|_sms)?\b", code)
        ):
            continue
        if generic != name and generic.split("/")[-1].replace("_", "") in {
            m._meta.model_name for m in our_models()
        }:
            continue
        unused.append(name)
    assert not unused


@pytest.mark.parametrize("path", [p for p in TEMPLATES if p.suffix == ".html"], ids=name_of)
def test_templates_carry_no_inline_code(path):
    """The content policy would refuse it, and nobody would see why."""
    text = path.read_text(encoding="utf-8")
    is_mail_or_document = {"email", "pdf"} & set(path.parts)
    assert not re.search(r"\son[a-z]+=", text)
    assert "<script>" not in text
    assert "|safe" not in text and "autoescape off" not in text
    if not is_mail_or_document:
        assert not re.search(r"\sstyle=|<style", text)


@pytest.mark.parametrize("path", CODE, ids=name_of)
def test_nothing_escapes_the_escaping(path):
    assert "mark_safe" not in path.read_text(encoding="utf-8") or name_of(path) in {
        # The frozen text of a contract was escaped once, when it was rendered.
        "families/documents.py",
        # The guide is our own text, shipped with the code.
        "reporting/guide.py",
    }


def url_names(patterns=None, prefix=""):
    """Every routed name, namespaced."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        if isinstance(pattern, URLResolver):
            space = f"{prefix}{pattern.namespace}:" if pattern.namespace else prefix
            yield from url_names(pattern.url_patterns, space)
        elif isinstance(pattern, URLPattern):
            yield f"{prefix}{pattern.name}"


def test_every_url_has_a_name_of_its_own():
    names = list(url_names())
    assert None not in names
    assert len(names) == len(set(names)) or {n for n in names if names.count(n) > 1} <= {
        "families:verify"  # with and without a code
    }


def test_migrations_are_up_to_date(db):
    from django.core.management import call_command

    call_command("makemigrations", check=True, dry_run=True, verbosity=0)
