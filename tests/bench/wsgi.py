"""The project, with the yardstick beside it: the same processes serve both."""

from avip.wsgi import application as avip
from tests.bench.reference import PATH, BareHandler

bare = BareHandler()


def application(environ, start_response):
    """The yardstick at its own address, the project everywhere else."""
    serve = bare if environ["PATH_INFO"] == PATH else avip
    return serve(environ, start_response)
