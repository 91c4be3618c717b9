"""The shell around every page: who is signed in, where they may go, what waits there."""


def shell(request):
    """Context of the layout: `nav` (label, url, count, current), `who`, `org`, `impersonating`, `demo`."""
    return {"shell": {"nav": [], "who": "", "org": "", "impersonating": None, "demo": False}}
