"""The pages of the childminders’ network, beside the rest of the table of access."""

from tests.access_words import ADVISERS, ANYBODY, CAF, but, of, page

# Who records childminders: a municipal service, or a Caf where there is none.
LEADERS = f"coordinator {CAF} other_caf"

NETWORK = {
    "families:childminder_create": page(LEADERS, forbidden=but(LEADERS), states="one error"),
    "families:childminder_update": page(
        "coordinator", of("asked"), f"{CAF} {ADVISERS}", states="one error"
    ),
    "families:childminder_move": page(
        "coordinator", of("asked"), f"{CAF} {ADVISERS}", states="one error"
    ),
    "families:network_ask": page("coordinator", of("asked"), f"{CAF} {ADVISERS}", post_only=True),
    "families:network_wish": page("coordinator", of("asked"), f"{CAF} {ADVISERS}", states="one"),
    "families:network_leave": page("coordinator", of("member"), CAF, states="one error"),
    "families:phone_access": page(
        "coordinator", of("asked", "renvoyer"), f"{CAF} {ADVISERS}", post_only=True
    ),
    "families:network_import": page(LEADERS, forbidden=but(LEADERS), states="one error"),
    "families:network_model": page(LEADERS, forbidden=but(LEADERS)),
    "families:network_preview": page("coordinator", of("network_import")),
    "families:network_ask_all": page("coordinator", of("network_import"), post_only=True),
    "labels:before_yes": page(ANYBODY, public=True),
    # The link of a message decides, not the account.
    "labels:network_answer": page(ANYBODY, public=True),
    "labels:network_question": page("", lambda world: ["x" * 43], public=True, moved=ANYBODY),
    "partners:phone_code": page(ANYBODY, public=True),
    "partners:phone_lost": page(ANYBODY, public=True, states="one error"),
    "partners:phone_link": page("", lambda world: ["x" * 43], public=True, moved=ANYBODY),
}
