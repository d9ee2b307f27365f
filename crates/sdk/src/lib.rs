//! What a plugin author uses: trait Channel, export macro, test helpers.
