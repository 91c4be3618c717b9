"""The words of the table of access: the personas, what a page answers to each."""

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
    "hijack:release",
}  # fmt: skip


@dataclass(frozen=True)
class Page:
    args: Callable
    see: frozenset  # 200, or a redirect inside the site
    forbidden: frozenset  # 403: within reach, without the right
    is_public: bool  # opens without signing in
    post_only: bool  # GET is a 405, after the scope has been checked or before
    states: tuple
    reauthenticates: bool  # a POST asks for the password before anything else, whoever sends it
    moved: frozenset  # sent on to another page of the site: nothing to do here, or a first hop

    def expects(self, persona) -> set:
        """The status codes that a GET by this persona may have."""
        if persona == "anonymous" and not self.is_public:
            return {302}
        if self.post_only:
            return {405, 403, 404}
        if persona in self.moved:
            return {302}
        if persona in self.see:
            return {200}
        return {403} if persona in self.forbidden else {404}

    def expects_post(self, persona) -> set:
        """The status codes that a POST by an outsider may have; none when it is no outsider.

        405 where nobody may POST, whoever they are.
        """
        if persona == "anonymous" and not self.is_public:
            return {302}
        if persona in self.see | self.moved or self.is_public:
            return set()
        if self.reauthenticates:
            return {302}
        return {403, 405} if persona in self.forbidden else {404, 405}


def page(
    see,
    args=lambda world: [],
    forbidden="",
    *,
    public=False,
    post_only=False,
    states="one",
    password=False,
    moved="",
):
    return Page(
        args,
        frozenset(see.split()),
        frozenset(forbidden.split()),
        public,
        post_only,
        tuple(states.split()),
        password,
        frozenset(moved.split()),
    )


def of(name, *more):
    """The address of the object of that name in the world."""
    return lambda world: [world.objects[name].pk, *more]


def of_caf(name):
    """The address of that object under the page of its Caf."""
    return lambda world: [world.caf.pk, world.objects[name].pk]


def agenda_item(*more):
    """The address of the dossier on the agenda of the session convened."""
    return lambda world: [world.convened.pk, world.convened_item.pk, *more]


def signatory(role):
    """The address of one signatory of the contract to sign."""

    def args(world):
        return [world.to_sign.pk, world.objects[f"{role}_signatory"].pk]

    return args


CAF = "caf_officer caf_manager"
ADVISERS = "adviser other_adviser"
CARE = "director operator"
HERS = "childminder coordinator"
CONTRACT_PARTIES = f"{CARE} adviser"
LABEL_READERS = f"{CAF} {CARE}"

TAKEUP_ASKERS = (
    "caf_officer caf_manager other_caf director other_director operator coordinator newcomer"
)
APPLICANTS = "director other_director operator newcomer"
TAKE_OVER = (
    "adviser other_adviser director other_director operator coordinator childminder newcomer"
)
CAF_ADMINS = "caf_manager other_caf"
ADMINS = "caf_manager other_caf director operator adviser coordinator newcomer"


def but(names):
    """The signed-in people other than these."""
    return " ".join(name for name in SIGNED_IN if name not in names.split())


RUNS = "director other_director operator"
RUNS_NETWORK = f"{CAF} other_caf coordinator"
