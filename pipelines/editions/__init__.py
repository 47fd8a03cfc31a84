"""From files that were read to the editions in use: the order of the modules.

due         when an edition is due, and which one comes next (the publisher's calendar)
publication when a file was published, on what grounds, and when it became known
content     what a file says, as a hash; and how two files of one edition differ
holds       whether a file has lost so much that a person must decide
settle      which vintages are in use, in which order, and which revise which
tables      the registry's tables for dbt
"""
