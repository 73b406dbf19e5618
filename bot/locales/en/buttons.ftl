## Buttons

button-again = Again
button-retry = Try again
button-vary = Vary
button-vary-image = Vary { $image }
button-upscale = Larger
button-upscale-image = Larger { $image }
button-edit = Edit
button-recipe = Recipe
button-original = Original
button-delete = Delete
button-cancel = Cancel
button-show = Job { $job }
button-older = Older
button-newest = Newest
button-forget = Delete everything
