"""Who sees what: one line per URL. Whoever is not named gets a 404, or the sign-in page when anonymous.

`states` are those the page can show (empty, one, many, error): the accessibility tests visit them.
"""

from collections.abc import Callable
from dataclasses import dataclass

SIGNED_IN = [
    "caf_officer", "caf_manager", "other_caf", "director", "other_director", "operator", "adviser",
    "other_adviser", "coordinator", "childminder", "national", "support", "former", "newcomer",
]  # fmt: skip
EVERYONE = {"anonymous", *SIGNED_IN}
ANYBODY = " ".join(sorted(EVERYONE))
MEMBERS = " ".join(SIGNED_IN)

LIBRARY = {
    # Behind our own sign-in, in our templates; their access is the library's own business.
    "account_login", "account_logout", "account_inactive", "account_change_password",
    "account_reauthenticate", "account_reset_password", "account_reset_password_done",
    "account_reset_password_from_key", "account_reset_password_from_key_done", "mfa_index",
    "mfa_authenticate", "mfa_reauthenticate", "mfa_activate_totp", "mfa_deactivate_totp",
    "mfa_view_recovery_codes", "mfa_generate_recovery_codes", "mfa_download_recovery_codes",
    "hijack:acquire", "hijack:release",
}  # fmt: skip


@dataclass(frozen=True)
class Page:
    args: Callable = lambda world: []
    see: frozenset = frozenset()  # 200, or a redirect inside the site
    forbidden: frozenset = frozenset()  # 403: within reach, without the right
    is_public: bool = False
    post_only: bool = False  # 405 to those who may POST
    absent: int = 404  # what the others get
    states: tuple = ("one",)

    def expects(self, persona) -> set:
        """The status codes that a GET by this persona may have."""
        if persona in self.see:
            return {405} if self.post_only else {200, 302}
        if persona in self.forbidden:
            return {405} if self.post_only else {403}
        if persona == "anonymous" and not self.is_public:
            return {302}
        return {405} if self.post_only and self.absent == 405 else {self.absent, 405 if self.post_only else self.absent}


def page(see, args=lambda world: [], forbidden="", **fields):
    return Page(args, frozenset(see.split()), frozenset(forbidden.split()), **fields)


def pk_of(name):
    return lambda world: [world.objects[name].pk]


ACCESS = {}
