"""Mail: what a letter looks like on the wire, and how it is delivered. Knows neither the store nor the terminal."""
