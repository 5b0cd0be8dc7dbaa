//! The rules of the source tree, read from the files as they stand: layers, shape, words and links.
//!
//! Each rule is a function from text to problems, with tests that show what it must catch; the tests here apply
//! all of them to the whole tree. It must not need a build of the program, a database or the network.

#[cfg(test)]
#[path = "tidy/config.rs"]
mod config;
#[cfg(test)]
#[path = "tidy/layers.rs"]
mod layers;
#[cfg(test)]
#[path = "tidy/lexer.rs"]
mod lexer;
#[cfg(test)]
#[path = "tidy/links.rs"]
mod links;
#[cfg(test)]
#[path = "tidy/paths.rs"]
mod paths;
#[cfg(test)]
#[path = "tidy/shape.rs"]
mod shape;
#[cfg(test)]
#[path = "tidy/tree.rs"]
mod tree;
#[cfg(test)]
#[path = "tidy/words.rs"]
mod words;

#[cfg(test)]
mod the_tree {
    use super::{
        config, layers, links, shape,
        tree::{Problem, Tree},
        words,
    };

    #[track_caller]
    fn assert_tidy(problems: Vec<Problem>) {
        let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
        assert!(lines.is_empty(), "{} problems:\n{}", lines.len(), lines.join("\n"));
    }

    #[test]
    fn is_read_as_a_whole() {
        let tree = Tree::read();
        for path in
            ["Cargo.toml", "src/lib.rs", "core/src/domain/dates.rs", "tests/tidy.rs", "entities/src/lib.rs"]
        {
            assert!(tree.files.iter().any(|file| file.path == path), "{path} was not read");
        }
        assert!(!tree.files.iter().any(|file| file.path.starts_with("target/")));
    }

    #[test]
    fn imports_point_one_way() {
        let tree = Tree::read();
        let dependencies = tree.dependencies();
        assert!(dependencies.contains("tokio") && dependencies.contains("sea_orm"), "{dependencies:?}");
        assert_tidy(tree.rust().flat_map(|file| layers::check(file, &dependencies)).collect());
    }

    #[test]
    fn files_are_short_introduced_and_finished() {
        assert_tidy(Tree::read().rust().flat_map(shape::check).collect());
    }

    #[test]
    fn nothing_in_src_unwraps_outside_tests() {
        assert_tidy(Tree::read().rust().flat_map(shape::check_unwraps).collect());
    }

    #[test]
    fn words_that_decide_for_people_are_not_shown() {
        let tree = Tree::read();
        let shown = tree.rust().flat_map(words::check_rust);
        assert_tidy(shown.chain(tree.files.iter().flat_map(words::check_template)).collect());
    }

    #[test]
    fn no_file_names_the_machine_it_was_written_on() {
        assert_tidy(Tree::read().files.iter().flat_map(words::check_machine_paths).collect());
    }

    #[test]
    fn links_between_documents_lead_somewhere() {
        let tree = Tree::read();
        assert_tidy(tree.files.iter().flat_map(|file| links::check(file, &tree)).collect());
    }

    #[test]
    fn every_key_of_the_default_configuration_is_explained() {
        let tree = Tree::read();
        let defaults = tree.files.iter().find(|file| file.path == "config/default.toml");
        let any = tree.files.iter().any(|file| file.path.starts_with("config/"));
        assert!(defaults.is_some() || !any, "config/ has no default.toml");
        assert_tidy(defaults.into_iter().flat_map(config::check).collect());
    }
}
