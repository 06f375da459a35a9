"""Other recognisers of live speech, behind the benchmark's protocol, to be compared on the same weights."""
