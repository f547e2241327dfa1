"""The shared world, as fixtures. A conftest that wants them imports them."""

from __future__ import annotations

import pytest

from circuits import Binding, Statement
from tests.circuits.core.world import Licence, World, the_licence, the_world


@pytest.fixture(scope="session")
def world() -> World:
    return the_world()


@pytest.fixture(scope="session")
def licence() -> Licence:
    return the_licence()


@pytest.fixture(scope="session")
def statement(world: World) -> Statement:
    return world.statement()


@pytest.fixture(scope="session")
def binding(world: World) -> Binding:
    return world.binding()


@pytest.fixture(scope="session")
def proof(world: World, licence: Licence, statement: Statement, binding: Binding) -> bytes:
    return world.proof(statement, licence, binding)
