"""The synthetic national sample: fictitious organisations in files of the publishers' own layouts.

Belongs here: what the rest of the product may use. Does not belong here: anything that reads the files.
"""

from pipelines.sample.write import SampleSummary, write_sample

__all__ = ["SampleSummary", "write_sample"]
