//! The dashboard through its public face: messages in, effects and pictures out;
//! and the loop that runs it, on a fake manager.

mod chords;
mod cloud;
mod desk;
mod doing;
mod everywhere;
mod keys;
mod marks;
mod mouse;
mod moving;
mod noise;
mod operations;
mod places;
mod reach;
mod reading;
mod readme;
mod running;
mod screens;
mod settings;
mod shells;
mod signing;
mod sorting;
mod timeline;
mod world;
