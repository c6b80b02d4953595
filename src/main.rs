mod mediaserver;

fn main() {}
