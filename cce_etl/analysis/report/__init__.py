"""The report: the published file as one HTML page that needs neither a network nor a script."""

from cce_etl.analysis.report.writing import report_page, write_report

__all__ = ["report_page", "write_report"]
