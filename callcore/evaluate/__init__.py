"""Error rates and other measures of quality."""
