// The two halves of the case, the key caps and the spacers, from parameters.scad, which `make case`
// writes from hardware/outline.toml and case.toml. Choose a part with -D part="front", "back", "caps",
// "cap-ok", "cap-clear", "cap-press" or "spacers"; each comes as it lies on the printer's bed.
// x runs right, y down (as on the board: mirrored at the end), z up from the back of the board.
include <parameters.scad>

part = "front";
$fn = 32;
e = 0.01;

// ---- heights -------------------------------------------------------------------------------------
board_top = board_thickness;
ceiling = board_top + display_height + clearance_above_display;
face = ceiling + shell_plate;
pi_back = -pi_gap - pi_thickness;
floor_in = pi_back - pi_tails - clearance_below_pi;
floor_out = floor_in - shell_plate;
screw_tip = board_top + screw_bite;
flange_top = ceiling - clearance_key_gap;
flange_bottom = flange_top - cap_flange_thickness;

// ---- outlines ------------------------------------------------------------------------------------
module inside(less = 0) {
  r = max(board_corner_radius - less, 0.5);
  translate([-clearance_side + less, -clearance_end + less])
    offset(r) offset(-r)
      square([board_width + 2 * (clearance_side - less), board_height + 2 * (clearance_end - less)]);
}

module outside() { offset(shell_wall) inside(); }

module slab(from, to) { translate([0, 0, from]) linear_extrude(to - from) children(); }

// A closed body with its edge chamfered at `edge`, plain at `seam`.
module body(edge, seam) {
  up = edge > seam ? 1 : -1;
  hull() {
    slab(min(seam, edge - up * shell_chamfer), max(seam, edge - up * shell_chamfer)) outside();
    slab(min(edge, edge - up * e), max(edge, edge - up * e)) offset(delta = -shell_chamfer) outside();
  }
}

module at(points) { for (p = points) translate([p[0], p[1], 0]) children(); }
module disc(d) { circle(d = d); }

// ---- front ---------------------------------------------------------------------------------------
module key_places() {
  for (row = [0 : keys_rows - 1], column = [0 : keys_columns - 1])
    translate(keys_first + keys_pitch * [column, row]) children();
}

module key_shape(grow) {
  offset(cap_radius + grow) square(cap_size - 2 * cap_radius, center = true);
}

module front_openings() {
  key_places() key_shape(clearance_key);
  translate(press_center) disc(cap_press_diameter + 2 * clearance_key);
  translate(display_window_center) square(display_window, center = true);
}

module front() {
  thick = shell_rib + shell_tongue_gap;
  all = concat(board_holes, pi_holes);
  difference() {
    body(face, shell_seam);
    slab(shell_seam - 1, ceiling) inside(thick);
    slab(ceiling - 1, face + 1) front_openings();
  }
  slab(shell_seam - shell_tongue, shell_seam + 1) difference() {
    inside(shell_tongue_gap);
    inside(thick);
  }
  difference() {
    slab(board_top, ceiling + e) at(all) disc(screw_post);
    slab(board_top - 1, ceiling) at(all) disc(screw_pilot);
  }
}

// ---- back ----------------------------------------------------------------------------------------
// A screw from outside: its head's seat, so that its tip comes to screw_tip.
module screw(length) {
  seat = screw_tip - length;
  slab(floor_out - 1, seat) disc(screw_head);
  slab(floor_out - 1, board_top) disc(screw_hole);
}

module rib_around(corner, width, height, sides) {
  t = shell_rib;
  g = clearance_bay;
  x = corner[0] - g; y = corner[1] - g; w = width + 2 * g; h = height + 2 * g;
  slab(floor_in - e, floor_in + bay_rib_height) {
    if (sides[0]) translate([x - t, y]) square([t, h]);          // left
    if (sides[1]) translate([x + w, y]) square([t, h]);          // right
    if (sides[2]) translate([x, y - t]) square([w, t]);          // above
    if (sides[3]) translate([x - t, y + h]) square([w + 2 * t, t]);  // below
  }
}

module through_wall(x0, x1, y0, y1, z0, z1) {
  translate([x0, y0, z0]) cube([x1 - x0, y1 - y0, z1 - z0]);
}

module lanyard() {
  w = lanyard_slot + 2 * shell_wall + 2;
  out = lanyard_slot_height + shell_wall + 1;
  top = -clearance_end - shell_wall;
  slab(floor_out, floor_out + lanyard_thickness) difference() {
    translate([board_width / 2, top]) offset(3) offset(-3) square([w, 2 * out], center = true);
    translate([board_width / 2, top - lanyard_slot_height / 2 - 0.5])
      offset(1) offset(-1) square([lanyard_slot, lanyard_slot_height], center = true);
    translate([0, top + shell_wall]) square([board_width, board_height]);
  }
}

module back_openings() {
  // USB of the Pi, through the lower wall.
  z = -pi_gap + pi_usb_height / 2;
  far = board_height + clearance_end;
  through_wall(pi_usb_data_x - pi_usb_width / 2 - clearance_socket,
    pi_usb_data_x + pi_usb_width / 2 + clearance_socket, far - 1, far + shell_wall + 1,
    z - pi_usb_height / 2 - clearance_socket, z + pi_usb_height / 2 + clearance_socket);
  // USB-C of the charge board, through the upper one.
  c = charger_corner[0] + charger_width / 2;
  u = floor_in + bay_under_charger + charger_board + charger_usb_height / 2;
  through_wall(c - charger_usb_width / 2 - clearance_socket,
    c + charger_usb_width / 2 + clearance_socket, -clearance_end - shell_wall - 1,
    -clearance_end + 1, u - charger_usb_height / 2 - clearance_socket,
    u + charger_usb_height / 2 + clearance_socket);
  // The SD card, through the left one.
  through_wall(-clearance_side - shell_wall - 1, -clearance_side + 1,
    pi_sd_center_y - pi_sd_width / 2 - clearance_slot,
    pi_sd_center_y + pi_sd_width / 2 + clearance_slot,
    -pi_gap - clearance_slot, -pi_gap + pi_sd_thickness + 2 * clearance_slot);
}

module back() {
  difference() {
    union() {
      difference() {
        body(floor_out, shell_seam);
        slab(floor_in, shell_seam + 1) inside();
      }
      lanyard();
      slab(floor_in - e, pi_back) at(pi_holes) disc(screw_seat);
      slab(floor_in - e, 0) at(board_holes) disc(screw_seat);
      rib_around(battery_corner, battery_width, battery_height, [false, false, true, true]);
      rib_around(charger_corner, charger_width, charger_height, [true, true, false, true]);
      slab(floor_in - e, floor_in + bay_under_charger)
        for (y = [charger_height / 4, charger_height * 3 / 4])
          translate(charger_corner + [-clearance_bay - e, y])
            square([charger_width + 2 * (clearance_bay + e), shell_rib]);
    }
    back_openings();
    at(pi_holes) screw(screw_long);
    at(board_holes) screw(screw_short);
  }
}

// ---- caps and spacers ----------------------------------------------------------------------------
// One cap, its flange at z = 0, its face up.
module cap(legend, shape) {
  high = face + cap_proud - flange_bottom;
  stem = board_top + keys_switch_height - flange_bottom;
  difference() {
    union() {
      slab(0, cap_flange_thickness)
        if (shape == "key") key_shape(clearance_key + cap_flange);
        else disc(cap_press_diameter + 2 * (clearance_key + cap_flange));
      slab(0, high) if (shape == "key") key_shape(0); else disc(cap_press_diameter);
    }
    slab(-1, stem) disc(keys_stem_diameter + 2 * cap_stem_gap);
    slab(high - cap_legend_depth, high + 1)
      mirror([0, 1]) text(legend, size = len(legend) > 1 ? cap_word_size : cap_legend_size,
        font = "DejaVu Sans:style=Bold", halign = "center", valign = "center", $fn = 12);
  }
}

// The keys lie on the bed as on the board. Which ones: those with one of these legends, or all others.
module caps(only, others) {
  for (row = [0 : keys_rows - 1], column = [0 : keys_columns - 1]) {
    legend = legends[row][column];
    if ((legend == only) || (others && legend != legend_ok && legend != legend_clear))
      translate(keys_first + keys_pitch * [column, row]) cap(legend, "key");
  }
}

module spacers() {
  wide = screw_hole + 2 * shell_rib + 0.1;
  for (i = [0 : len(pi_holes) - 1]) translate([i * 2 * wide, 0])
    slab(0, pi_gap) difference() { disc(wide); disc(screw_hole); }
}

// ---- what is made --------------------------------------------------------------------------------
// y is turned over here, so that what was drawn as seen from the front is not its mirror image.
module upright() { mirror([0, 1, 0]) children(); }

if (part == "front") rotate([180, 0, 0]) translate([0, 0, -face]) upright() front();
if (part == "back") translate([0, 0, -floor_out]) upright() back();
if (part == "caps") upright() caps("", true);
if (part == "cap-ok") upright() caps(legend_ok, false);
if (part == "cap-clear") upright() caps(legend_clear, false);
if (part == "cap-press") upright() translate(press_center) cap("press", "press");
if (part == "spacers") upright() spacers();
