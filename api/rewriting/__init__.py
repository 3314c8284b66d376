"""Jobs that rewrite what is stored of a slide: pyramids made of files, files without label and macro.

Invariant: a slide's row names another content only in the transaction that also ends the job, writes the slide's event
and, where something was taken out, the audit log's entry.
"""
