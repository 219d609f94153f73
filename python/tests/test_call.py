"""What a running request tells of its progress."""

from gama_operations.call import ProgressReporter


def test_reports_that_come_too_fast_are_thinned_out_but_the_end_of_a_stage_is_told():
    sent = []
    progress = ProgressReporter(lambda report: sent.append((report.stage, report.done)) or True)
    for done in range(101):
        progress("draws", done, 100)
    progress("map", 0, 1)
    progress("map", 0, 1, message="still")
    assert ("draws", 100) in sent
    assert len(sent) < 50
    progress.flush()
    assert sent[-1] == ("map", 0)
