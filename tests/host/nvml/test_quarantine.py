from aisec_daemon.host.nvml.quarantine import Quarantine


def answer(quarantine, index, times):
    for _ in range(times):
        quarantine.answered(index, promptly=True)


def test_three_prompt_answers_in_a_row_let_a_gpu_go():
    quarantine = Quarantine()
    quarantine.add(4)
    answer(quarantine, 4, 2)
    quarantine.answered(4, promptly=False)
    answer(quarantine, 4, 2)

    assert quarantine.gpus == {4}
    answer(quarantine, 4, 1)
    assert quarantine.gpus == frozenset()


def test_a_relapse_takes_twice_as_long():
    quarantine = Quarantine()
    for needed in (3, 6, 12):
        quarantine.add(0)
        answer(quarantine, 0, needed - 1)
        assert quarantine.gpus == {0}
        answer(quarantine, 0, 1)
        assert quarantine.gpus == frozenset()


def test_the_second_crash_puts_a_gpu_apart():
    quarantine = Quarantine()

    assert not quarantine.crashed(1)
    assert not quarantine.crashed(2)
    assert quarantine.crashed(1)
    assert quarantine.gpus == {1}


def test_other_indices_clear_it():
    quarantine = Quarantine()
    quarantine.add(1)
    quarantine.clear()

    assert quarantine.gpus == frozenset()
