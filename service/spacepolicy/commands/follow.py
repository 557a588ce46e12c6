"""The start of `serve --follow URL`: the leader's revisions in the store here."""

from dataclasses import dataclass, replace
from typing import Any, final

from spacepolicy import settings
from spacepolicy.commands.build import Report, store_path
from spacepolicy.commands.endpoint import endpoint_url
from spacepolicy.commands.recorded import recorded
from spacepolicy.errors import ForbiddenError, UsageError
from spacepolicy.replication.leader import credentials_of
from spacepolicy.replication.replica import Replica
from spacepolicy.settings import SETTINGS, Settings
from spacepolicy.store import revision_folders as revisions
from spacepolicy.store.durable_files import see_writable
from spacepolicy.writes.control_socket import ControlSocket, Job


@final
@dataclass(frozen=True, slots=True)
class Followed:
    """A replica with a revision to serve, the control socket that refuses writes here, and the
    settings, with those of the leader's store."""

    replica: Replica
    control: ControlSocket
    chosen: Settings


def follow(chosen: Settings, say: Report) -> Followed:
    """Follow the leader; where there is no revision yet, wait for its newest.

    Raises: UsageError where the settings do not fit, StoreError where the store cannot be used or
    the leader cannot be followed without somebody's intervention.
    """
    leader = chosen.follow or ""
    if endpoint_url(chosen) is not None:
        raise UsageError("--follow needs a folder for the revisions; --store names an endpoint.")
    credentials_of(settings.environment())  # reported better here than by the other process
    path = store_path(chosen)
    see_writable(path)
    control = ControlSocket(path, _refuse(leader))
    replica = Replica(path, leader, chosen.follow_interval, chosen.keep_revisions)
    try:
        if revisions.current(path) is None:
            say(f"takes the revisions of {leader}")
            replica.wait_for_revision()
    except BaseException:
        replica.close()
        control.close()
        raise
    return Followed(replica, control, _as_leader(chosen))


def _refuse(leader: str) -> Any:  # noqa: ANN401 # a function of the jobs of the control socket
    def refuse(_: Job) -> Job:
        raise ForbiddenError(f"This store is a replica's; writes go to {leader}.")

    return refuse


def _as_leader(chosen: Settings) -> Settings:
    """The settings with the mode of the leader's store, and without files where it has none and no
    other choice was given."""
    says = recorded(store_path(chosen))
    mode = SETTINGS["default_graph"].fitting(says["default_graph"])
    found = replace(chosen, default_graph=mode)  # type: ignore[arg-type] # it was made to fit
    return (
        replace(found, content=says["content"])
        if not chosen.content and "content" in says
        else found
    )
