"""What an account has at a service: listed a page at a time, at no cost.

May import scene and the engine's ``protocol``. Each function asks the engine and waits for its answer.
"""

from __future__ import annotations

from ..batching.table.argument_types import checked
from ..client.jobs.replies import AccountPage
from ..engine.protocol import Feature, InvalidInput, UnsupportedFeature, declaration, lacks
from ..scene.ask_engine import ask
from ..scene.shared_engine import bridge
from ..scene.start_job import require_ready


def check(provider: str, page: int = 0) -> None:
    """Refuse what cannot be asked, before anything is sent; as :func:`account_models`."""
    service = declaration(provider)
    if why := lacks(provider, Feature.ACCOUNT, bridge.servers.get(provider, {})):
        raise UnsupportedFeature(why, "Bring a model in by its id, its link or its file.")
    require_ready(service)
    if page < 0:
        raise InvalidInput("page must be 0 or more.")


@checked
def account_models(provider: str, page: int = 0, timeout: float = 60.0) -> AccountPage:
    """A page of the models that the account has at a service, whoever made them with what. It costs nothing.

    Args:
        provider: id of the service. page: 0 for the newest. timeout: seconds.

    Raises:
        UnsupportedFeature: the service has no such list.
        OnlineAccessOff, KeyMissing, JobFailed: it could not be asked, or refused.
        InvalidInput: there can be no such service, or page. TimeoutError: no answer came.
    """
    check(provider, page)
    answer = ask("account", timeout, provider=provider, page=page)
    return AccountPage(answer.models, answer.more)
