import sys

import pytest

from aisec_daemon.host.nvml.post import Post


@pytest.fixture
def post():
    return Post([sys.executable, "-c", "pass"])


def replace(post, now):
    post.man(now)
    child = post.vacate(now, "it fell")
    child.kill()
    assert child.is_dead(10.0)


def test_replacements_come_less_and_less_often(post):
    """After 1, 2, 4, 8, 16 and then every 30 seconds."""
    now, waits = 100.0, []
    for _ in range(7):
        replace(post, now)
        wait = 0.0
        while post.rests(now + wait):
            wait += 0.5
        waits.append(wait)
        now += wait

    assert waits == [1, 2, 4, 8, 16, 30, 30]


def test_a_child_that_worked_is_replaced_at_once(post):
    post.man(100.0)
    post.succeed()
    child = post.vacate(100.0, "it fell")
    child.kill()

    assert child.is_dead(10.0)
    assert not post.rests(100.0)


def test_a_program_that_does_not_start_is_no_crash():
    post = Post(["/nonexistent/python"])
    post.man(100.0)

    assert post.child is None
    assert "does not start" in post.why
    assert post.rests(100.5)
