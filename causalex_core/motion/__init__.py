"""From video to the motion of the 12 regions: landmarks, alignment, flow, head motion, MDMO."""
