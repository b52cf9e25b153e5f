"""How a report is shown: text for people, SARIF and annotations for machines, Markdown and HTML for pages."""
