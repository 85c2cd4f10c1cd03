// Pictures of the case: the meshes in stl/ with dummies of what goes inside. -D view="closed", "openings",
// "open", "halves", "caps" or "exploded".
include <parameters.scad>

view = "closed";
$fn = 48;

face = board_thickness + display_height + clearance_above_display + shell_plate;
floor_in = -pi_gap - pi_thickness - pi_tails - clearance_below_pi;
floor_out = floor_in - shell_plate;
flange_bottom = face - shell_plate - clearance_key_gap - cap_flange_thickness;
cap_high = face + cap_proud - flange_bottom;

shell_color = [0.27, 0.33, 0.42];
back_color = [0.22, 0.27, 0.35];
cap_color = [0.88, 0.89, 0.9];
ok_color = [0.36, 0.66, 0.45];
clear_color = [0.85, 0.45, 0.38];
letter_color = [0.12, 0.14, 0.18];
press_color = [0.93, 0.68, 0.25];

module stl(name) { import(str("stl/", name, ".stl")); }
module front() { color(shell_color) translate([0, 0, face]) rotate([180, 0, 0]) stl("front"); }
module back() { color(back_color) translate([0, 0, floor_out]) stl("back"); }

// What is between the letters' walls: a dark sheet just over their ground.
module ink(place, d) {
  color(letter_color) translate([place[0], -place[1], cap_high - cap_legend_depth])
    cylinder(d = d, h = 0.03);
}

module caps() {
  color(cap_color) stl("caps");
  color(ok_color) stl("cap-ok");
  color(clear_color) stl("cap-clear");
  color(press_color) stl("cap-press");
  for (row = [0 : keys_rows - 1], column = [0 : keys_columns - 1])
    ink(keys_first + keys_pitch * [column, row], cap_size - 1);
  ink(press_center, cap_press_diameter - 1);
}

module down() { mirror([0, 1, 0]) children(); }

module board() down() {
  color([0.1, 0.42, 0.25]) linear_extrude(board_thickness) difference() {
    offset(board_corner_radius) offset(-board_corner_radius) square([board_width, board_height]);
    for (p = concat(board_holes, pi_holes)) translate(p) circle(d = board_hole_diameter);
  }
  places = concat([press_center], [for (r = [0 : keys_rows - 1], c = [0 : keys_columns - 1])
    keys_first + keys_pitch * [c, r]]);
  for (p = places) translate([p[0], p[1], board_thickness]) {
    color([0.13, 0.13, 0.14]) translate([-keys_switch_size / 2, -keys_switch_size / 2, 0])
      cube([keys_switch_size, keys_switch_size, keys_switch_body_height]);
    color([0.8, 0.8, 0.78]) cylinder(d = keys_stem_diameter, h = keys_switch_height);
  }
  translate([display_center[0] - display_width / 2, display_center[1] - display_module_height / 2,
      board_thickness + 2.5]) {
    color([0.08, 0.2, 0.45]) cube([display_width, display_module_height, 1.2]);
    color([0.05, 0.05, 0.07]) translate([0.3, 4.3, 1.2]) cube([display_width - 0.6, 19.2, display_height - 3.7]);
  }
  color([0.45, 0.85, 0.95]) translate([display_window_center[0] - 10.5, display_window_center[1] - 4,
      board_thickness + display_height]) linear_extrude(0.05) mirror([0, 1])
    translate([0, -6]) text("PIN>", size = 5.5, font = "DejaVu Sans Mono:style=Bold");
  color([0.12, 0.12, 0.12]) translate([pi_header[0] - 25.5, pi_header[1] - 2.5, -8.5])
    cube([51, 5, 8.5]);
}

module pi() down() {
  translate([0, 0, -pi_gap - pi_thickness]) {
    color([0.15, 0.5, 0.3]) linear_extrude(pi_thickness) difference() {
      translate(pi_corner) offset(3) offset(-3) square([pi_width, pi_height]);
      for (p = pi_holes) translate(p) circle(d = board_hole_diameter);
    }
    translate([0, 0, pi_thickness]) {
      color([0.75, 0.75, 0.75]) for (x = [pi_usb_data_x, pi_usb_power_x])
        translate([x - pi_usb_width / 2, pi_corner[1] + pi_height + pi_usb_out - 5.6, 0])
          cube([pi_usb_width, 5.6, pi_usb_height]);
      color([0.75, 0.75, 0.75]) translate([1, pi_sd_center_y - 6, 0]) cube([11.4, 12, 1.4]);
      color([0.1, 0.1, 0.1]) translate([-pi_sd_out, pi_sd_center_y - pi_sd_width / 2, 0.2])
        cube([15, pi_sd_width, pi_sd_thickness]);
      color([0.2, 0.2, 0.22]) translate([24, pi_corner[1] + 9, 0]) cube([13, 13, 1.2]);
      color([0.12, 0.12, 0.12]) translate([pi_header[0] - 25.4, pi_header[1] - 2.5, 0])
        cube([50.8, 5, 2.5]);
    }
  }
}

module power() down() {
  color([0.62, 0.66, 0.7]) translate([battery_corner[0], battery_corner[1], floor_in])
    cube([battery_width, battery_height, battery_thickness]);
  translate([charger_corner[0], charger_corner[1], floor_in + bay_under_charger]) {
    color([0.2, 0.2, 0.5]) cube([charger_width, charger_height, charger_board]);
    color([0.78, 0.78, 0.78])
      translate([charger_width / 2 - charger_usb_width / 2, -1, charger_board])
        cube([charger_usb_width, 7.3, charger_usb_height]);
  }
}

module spacers() down() color([0.85, 0.85, 0.8]) for (p = pi_holes)
  translate([p[0], p[1], -pi_gap]) difference() {
    cylinder(d = screw_hole + 2 * shell_rib, h = pi_gap);
    translate([0, 0, -1]) cylinder(d = screw_hole, h = pi_gap + 2);
  }

module screws() down() color([0.5, 0.5, 0.52]) {
  for (p = pi_holes) translate([p[0], p[1], -screw_long]) screw(screw_long);
  for (p = board_holes) translate([p[0], p[1], -screw_long]) screw(screw_short);
}
module screw(long) { cylinder(d = 2.5, h = long); translate([0, 0, -2.5]) cylinder(d = 4.5, h = 2.5); }

module placed_caps() translate([0, 0, flange_bottom]) caps();

if (view == "closed" || view == "openings") { front(); back(); placed_caps(); board(); pi(); power(); }
if (view == "open") { back(); pi(); power(); spacers(); }
if (view == "halves") {
  color(shell_color) stl("front");
  translate([board_width + 25, 0, 0]) color(back_color) stl("back");
}
if (view == "caps") {
  caps();
  translate([74, -46, 0]) rotate(-90) color([0.85, 0.85, 0.8]) stl("spacers");
}
if (view == "exploded") {
  translate([0, 0, 92]) placed_caps();
  translate([0, 0, 62]) front();
  translate([0, 0, 34]) board();
  translate([0, 0, 12]) spacers();
  pi();
  translate([0, 0, -8]) power();
  translate([0, 0, -44]) back();
  translate([0, 0, -66]) screws();
}
