"""The report: the published file as one page that needs neither a network nor a script.

Lives here: what is read (`questions`, `contents`, `waterfalls`), the charts (`panels`, `pictures`), words (`words`),
the page (`page`, its templates and style) and the file (`writing`). Does not: any figure that marts do not hold.
"""

from cce_etl.analysis.report.writing import report_page, write_report

__all__ = ["report_page", "write_report"]
