"""Marks and releases as other systems want them; one module per counterpart.

The modules take a lab and its final marks (`policy.Mark`) and know nothing of how the
marks came about. Two rules hold for all of them: what is ungraded never becomes a 0,
and who could not be matched is named and not dropped.
"""
