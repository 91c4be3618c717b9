from labels.management.commands.write_rules import PAGE, rules_page


def test_the_published_rules_are_those_of_the_code():
    assert PAGE.read_text(encoding="utf-8") == rules_page()
