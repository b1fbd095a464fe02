from __future__ import annotations

from floe_infra.unknown import either, least, most, otherwise


def test_what_is_known_is_decided_at_once():
    assert (either(True, 1, 2), either(0, 1, 2)) == (1, 2)
    assert (otherwise(None, 3), otherwise(0, 3)) == (3, 0)
    assert (least(3, 1, 2), most(3, 1, 2)) == (1, 3)
