"""Pages: the style that the pages of commands share. Each page is one file that needs nothing from elsewhere."""

STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 76rem; padding: 0 1rem; color: #1c2127 }
table { border-collapse: collapse; width: 100% } h2 { margin-top: 2.2rem } small { color: #69727d }
td, th { border-bottom: 1px solid #d8dce2; padding: .4rem .6rem; text-align: left; vertical-align: top }
@media (prefers-color-scheme: dark) { body { background: #16191d; color: #e6e9ed } td, th { border-color: #3a4149 } }
"""
