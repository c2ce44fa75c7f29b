"""What a scan leaves behind: tables, summary, manifest, report, cleaned files, the terminal's words."""
