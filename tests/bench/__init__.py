"""`make bench`: how long the main pages, the documents and the nightly work take at national scale.

The pages are those of the real server (`serving`), over invented rows (`data`), divided by a page
that never changes (`reference`): the ratio holds from one machine to another, milliseconds do not.
"""
