"""A first model: from a few words to an object of exactly 120 mm.

Run it with Alt P, the mouse over this text. It costs the points that it prints first.
"""

import neural4d_blender as neural4d

PROMPT = "a cute bird"

print("This costs about", neural4d.estimate(PROMPT), "points of", neural4d.balance().total)

# Returns at once. Go on working: the model comes to the 3D cursor when it is done.
job = neural4d.generate(PROMPT, size_mm=120, axis="LONGEST")

# A picture instead of words, of a file or of an image in Blender:
#   job = neural4d.generate(image="mug.png", size_mm=95, axis="Z")
#   job = neural4d.generate(image=bpy.data.images["mug"], size_mm=95, axis="Z")

# A picture is made of the words first, and you choose one of them for the model (job.pictures has their paths):
#   job = neural4d.generate(PROMPT, picture_first=True, pictures=3, choose_cutout=True)
#   job.choose(1)

# Where there is no window (blender --background), somebody has to wait for it:
#   job.wait(timeout=600)
#   print(job.cost, "points", job.seconds, job.objects)
