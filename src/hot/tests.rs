//! Tables of what the evaluator makes of templates, and proof that nothing makes it panic.

use std::collections::BTreeMap;

use proptest::prelude::*;
use rstest::rstest;
use serde_json::{Value, json};

use super::functions::{Eval, Scope, Stop, resolve};
use super::{
    Blueprint, Environment, Inputs, Lookup, Refusal, environment, functions, group, python, template, validate,
};

/// A cloud with one image called `ubuntu`.
struct OneImage;

impl Lookup for OneImage {
    fn exists(&self, kind: &str, value: &str) -> Result<(), String> {
        if kind == "glance.image" && value != "ubuntu" {
            Err(format!("No images matching {{'name': '{value}'}}."))
        } else {
            Ok(())
        }
    }
}

/// Parameters `n`, `list`, `map`; condition `yes`; resource `r`; file `f`.
struct Known;

impl Scope for Known {
    fn param(&self, name: &str) -> Eval<Option<Value>> {
        Ok(match name {
            "n" => Some(json!(3)),
            "list" => Some(json!(["a", "b"])),
            "map" => Some(json!({"k": {"deep": [1, 2]}})),
            "empty" => Some(json!("")),
            _ => None,
        })
    }

    fn condition(&self, name: &str) -> Eval<Option<bool>> {
        Ok(match name {
            "yes" => Some(true),
            "no" => Some(false),
            _ => None,
        })
    }

    fn reference(&self, resource: &str) -> Eval<Value> {
        if resource == "r" { Ok(json!("r-id")) } else { Err(Stop::Pending) }
    }

    fn attribute(&self, resource: &str, attribute: &str, path: &[Value]) -> Eval<Value> {
        match (resource, attribute) {
            ("r", "addresses") => Ok(functions::select(&json!({"net": [{"addr": "10.0.0.5"}]}), path)),
            _ => Err(Stop::Pending),
        }
    }

    fn file(&self, name: &str) -> Option<String> {
        (name == "f").then(|| "content".to_owned())
    }
}

#[rstest]
#[case(json!({"get_param": "n"}), json!(3))]
#[case(json!({"get_param": ["map", "k", "deep", 1]}), json!(2))]
#[case(json!({"get_param": ["list", "1"]}), json!("b"))]
#[case(json!({"get_param": ["list", 9]}), json!(""))]
#[case(json!({"get_resource": "r"}), json!("r-id"))]
#[case(json!({"get_attr": ["r", "addresses", "net", 0, "addr"]}), json!("10.0.0.5"))]
#[case(json!({"get_attr": ["r", "addresses", "nosuch", 0]}), json!(null))]
#[case(json!({"get_file": "f"}), json!("content"))]
#[case(json!({"str_replace": {"template": "$a $ab $c", "params": {"$a": 1, "$ab": true, "$c": null}}}), json!("1 True "))]
#[case(json!({"str_replace": {"template": "x", "params": {"x": "xx"}}}), json!("xx"))]
#[case(json!({"str_replace": {"template": "m", "params": {"m": {"b": 1, "a": ["é"]}}}}), json!("{\"a\": [\"\\u00e9\"], \"b\": 1}"))]
#[case(json!({"str_replace_strict": {"template": "ab", "params": {"a": "1", "b": "2"}}}), json!("12"))]
#[case(json!({"list_join": [",", ["a", null, {"k": 1}], {"get_param": "list"}, null]}), json!("a,,{\"k\": 1},a,b"))]
#[case(json!({"list_concat": [{"get_param": "list"}, null, ["c"]]}), json!(["a", "b", "c"]))]
#[case(json!({"str_split": [",", "x,y,z"]}), json!(["x", "y", "z"]))]
#[case(json!({"str_split": [",", "x,y,z", 1]}), json!("y"))]
#[case(json!({"repeat": {"template": {"p%a": "%a-%b"}, "for_each": {"%a": ["1", "2"], "%b": ["x"]}}}), json!([{"p1": "1-x"}, {"p2": "2-x"}]))]
#[case(json!({"repeat": {"template": "%a%b", "for_each": {"%a": ["1", "2"], "%b": ["x", "y"]}, "permutations": false}}), json!(["1x", "2y"]))]
#[case(json!({"map_merge": [{"a": 1, "b": 1}, null, {"b": 2}]}), json!({"a": 1, "b": 2}))]
#[case(json!({"map_replace": [{"a": "x"}, {"keys": {"a": "b"}, "values": {"x": "y"}}]}), json!({"b": "y"}))]
#[case(json!({"filter": [["b"], {"get_param": "list"}]}), json!(["a"]))]
#[case(json!({"digest": ["sha256", "abc"]}), json!("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"))]
#[case(json!({"if": ["yes", 1, {"nosuch": 2}]}), json!(1))]
#[case(json!({"if": [{"not": "yes"}, 1, 2]}), json!(2))]
#[case(json!([1, {"if": ["no", 2]}, 3]), json!([1, 3]))]
#[case(json!({"a": {"if": ["no", 2]}, "b": 1}), json!({"b": 1}))]
#[case(json!({"if": [{"and": ["yes", {"or": ["no", {"equals": [{"get_param": "n"}, 3]}]}]}, "t", "f"]}), json!("t"))]
#[case(json!({"if": [{"contains": ["a", {"get_param": "list"}]}, "t", "f"]}), json!("t"))]
#[case(json!({"get_param": "n", "more": 1}), json!({"get_param": "n", "more": 1}))]
fn functions_resolve(#[case] expression: Value, #[case] expected: Value) {
    assert_eq!(resolve(&Known, &expression), Ok(expected));
}

#[rstest]
#[case(json!({"get_param": "nosuch"}), "The Parameter (nosuch) was not provided.")]
#[case(json!({"get_param": []}), "Function \"get_param\" must have arguments")]
#[case(json!({"get_attr": "r"}), "Argument to \"get_attr\" must be a list")]
#[case(json!({"get_file": "nosuch"}), "No content found in the \"files\" section for get_file path: nosuch")]
#[case(json!({"str_replace_strict": {"template": "a", "params": {"b": 1, "cc": 1}}}), "The following params were not found in the template: cc,b")]
#[case(json!({"str_replace_vstrict": {"template": "a", "params": {"a": ""}}}), "str_replace_vstrict has an undefined or empty value for param a, must be a defined non-empty value")]
#[case(json!({"list_join": [",", [1]]}), "Items to join must be string, map or list not 1")]
#[case(json!({"list_join": [",", "a"]}), "\"list_join\" must operate on a list")]
#[case(json!({"map_merge": [1]}), "Incorrect arguments: Items to merge must be maps.")]
#[case(json!({"repeat": {"template": "%a", "for_each": {"%a": [1]}}}), "replace() argument 2 must be str, not int")]
#[case(json!({"str_split": [",", "a", 4]}), "Incorrect index to \"str_split\" should be between 0 and 0")]
#[case(json!({"if": ["nosuch", 1, 2]}), "Invalid condition \"nosuch\"")]
#[case(json!({"if": ["yes"]}), "Arguments to \"if\" must be of the form: [condition_name, value_if_true, value_if_false]")]
#[case(json!({"yaql": {"expression": "1", "data": {}}}), "The function \"yaql\" is not supported by this cloud")]
fn functions_say_what_is_wrong(#[case] expression: Value, #[case] words: &str) {
    assert_eq!(resolve(&Known, &expression), Err(Stop::Wrong(words.to_owned())));
}

#[test]
fn what_is_not_there_yet_is_no_fault() {
    assert_eq!(resolve(&Known, &json!({"list_join": ["", [{"get_resource": "later"}]]})), Err(Stop::Pending));
}

struct Case {
    parameters: BTreeMap<String, Option<Value>>,
    environment: Environment,
    files: BTreeMap<String, String>,
}

impl Case {
    fn new(parameters: Value, environment: &str, files: &[(&str, &str)]) -> Self {
        let map = parameters.as_object().cloned().unwrap_or_default();
        Self {
            parameters: map.into_iter().map(|(name, value)| (name, Some(value))).collect(),
            environment: Environment::merge(Some(&environment.into()), &[], &BTreeMap::new()).unwrap(),
            files: files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect(),
        }
    }

    fn draw(&self, yaml: &str) -> Result<Blueprint, Refusal> {
        let inputs = Inputs {
            stack_name: "s",
            stack_id: "id",
            project_id: "p",
            parameters: &self.parameters,
            environment: &self.environment,
            files: &self.files,
            lookup: &OneImage,
        };
        let raw = template::read(&Value::String(yaml.to_owned()))?;
        let blueprint = Blueprint::draw(&raw, &inputs)?;
        validate::check(&blueprint, &inputs)?;
        Ok(blueprint)
    }
}

fn plain() -> Case {
    Case::new(json!({}), "", &[])
}

#[test]
fn resources_wait_for_what_they_name() {
    let drawn = plain()
        .draw(
            "heat_template_version: 2018-08-31\nresources:\n  \
             c: {type: 'OS::Heat::RandomString', depends_on: [b]}\n  \
             b: {type: 'OS::Heat::Value', properties: {value: {list_join: ['', [{get_attr: [a, value]}]]}}}\n  \
             a: {type: 'OS::Heat::RandomString'}\n",
        )
        .unwrap();
    assert_eq!(drawn.order().unwrap(), ["a", "b", "c"]);
    assert_eq!(drawn.required_by("a"), ["b"]);
}

#[test]
fn conditions_switch_resources_outputs_and_what_hangs_on_them() {
    let yaml = "heat_template_version: 2018-08-31\n\
        parameters: {lb: {type: boolean, default: false}}\n\
        conditions:\n  with: {equals: [{get_param: lb}, true]}\n  without: {not: with}\n\
        resources:\n  \
        a: {type: 'OS::Heat::RandomString', condition: with}\n  \
        b: {type: 'OS::Heat::Value', depends_on: a, properties: {value: {if: [with, {get_attr: [a, value]}, none]}}}\n\
        outputs:\n  x: {condition: with, value: {get_attr: [a, value]}}\n  y: {condition: without, value: 1}\n";
    let names = |blueprint: &Blueprint| -> (Vec<String>, Vec<String>) {
        (
            blueprint.nodes.iter().map(|node| node.name.clone()).collect(),
            blueprint.outputs.iter().map(|output| output.name.clone()).collect(),
        )
    };
    let off = plain().draw(yaml).unwrap();
    assert_eq!(names(&off), (vec!["b".to_owned()], vec!["y".to_owned()]));
    assert_eq!(off.nodes[0].properties["value"], "none");
    let on = Case::new(json!({"lb": "True"}), "", &[]).draw(yaml).unwrap();
    assert_eq!(names(&on), (vec!["a".to_owned(), "b".to_owned()], vec!["x".to_owned()]));
}

#[rstest]
#[case("string", json!(5), json!("5"))]
#[case("string", json!({"a": 1}), json!("{\"a\": 1}"))]
#[case("number", json!("5"), json!(5))]
#[case("number", json!("1.5"), json!(1.5))]
#[case("boolean", json!("off"), json!(false))]
#[case("comma_delimited_list", json!("a, b"), json!(["a", "b"]))]
#[case("comma_delimited_list", json!(""), json!([]))]
#[case("json", json!("{\"a\": [1]}"), json!({"a": [1]}))]
fn parameters_take_their_type(#[case] kind: &str, #[case] given: Value, #[case] bound: Value) {
    let yaml = format!("heat_template_version: 2018-08-31\nparameters: {{p: {{type: {kind}}}}}\n");
    let drawn = Case::new(json!({"p": given}), "", &[]).draw(&yaml).unwrap();
    assert_eq!(drawn.parameters["p"], Some(bound));
}

#[test]
fn the_most_particular_value_wins() {
    let yaml = "heat_template_version: 2018-08-31\nparameters: {p: {type: string, default: template}}\n";
    let drawn = |case: Case| case.draw(yaml).unwrap().parameters["p"].clone().unwrap();
    assert_eq!(drawn(plain()), "template");
    assert_eq!(drawn(Case::new(json!({}), "parameter_defaults: {p: default}", &[])), "default");
    let both = "{parameters: {p: environment}, parameter_defaults: {p: default}}";
    assert_eq!(drawn(Case::new(json!({}), both, &[])), "environment");
    assert_eq!(drawn(Case::new(json!({"p": "posted"}), both, &[])), "posted");
}

#[test]
fn later_environment_files_win() {
    let files = BTreeMap::from([
        ("a".to_owned(), "parameters: {p: a, q: a}\nresource_registry: {My::Type: 'OS::Heat::None'}\n".to_owned()),
        (
            "b".to_owned(),
            "parameters: {p: b}\nresource_registry: {My::Type: other.yaml, 'Your::*': 'OS::Heat::*'}\n".to_owned(),
        ),
    ]);
    let names = ["a".to_owned(), "b".to_owned()];
    let merged = environment::Environment::merge(None, &names, &files).unwrap();
    assert_eq!(Value::Object(merged.parameters.clone()), json!({"p": "b", "q": "a"}));
    assert_eq!(merged.target("My::Type", "r"), "other.yaml");
    assert_eq!(merged.target("Your::Value", "r"), "OS::Heat::Value");
    let missing = environment::Environment::merge(None, &["c".to_owned()], &files).unwrap_err();
    assert_eq!(missing.kind, "KeyError");
}

#[test]
fn a_registry_that_runs_in_a_circle_ends() {
    let case = Case::new(json!({}), "resource_registry: {A: B, B: A}", &[]);
    let refused = case.draw("heat_template_version: 2018-08-31\nresources: {r: {type: A}}\n").unwrap_err();
    assert!(refused.message().contains("could not be found"));
}

#[test]
fn a_template_that_nests_itself_is_refused() {
    let own = "heat_template_version: 2018-08-31\nresources: {r: {type: own.yaml}}\n";
    let refused = Case::new(json!({}), "", &[("own.yaml", own)]).draw(own).unwrap_err();
    assert!(refused.message().contains("Recursion depth exceeds"), "{}", refused.message());
}

#[test]
fn mistakes_in_nested_templates_tell_where_they_are() {
    let inner = "heat_template_version: 2018-08-31\nparameters: {image: {type: string}}\n\
        resources: {s: {type: 'OS::Nova::Server', properties: {image: {get_param: image}, flavor: 1, networks: [], colour: red}}}\n";
    let outer = "heat_template_version: 2018-08-31\nresources: {g: {type: 'OS::Heat::ResourceGroup', properties: {count: 2, \
        resource_def: {type: inner.yaml, properties: {image: {get_resource: later}}}}}, later: {type: 'OS::Heat::RandomString'}}\n";
    let refused = Case::new(json!({}), "", &[("inner.yaml", inner)]).draw(outer).unwrap_err();
    assert_eq!(
        refused.message(),
        "Property error: : resources.g<nested_stack>.resources[0]<inner.yaml>.resources.s.properties: : Unknown Property colour"
    );
}

#[test]
fn group_members_get_their_index() {
    let names = ["0".to_owned()];
    let made =
        group::template(&json!({"type": "T", "properties": {"name": "n-%index%", "%index%": 1}}), "%index%", &names);
    assert_eq!(made["resources"]["0"], json!({"type": "T", "properties": {"name": "n-0", "%index%": 1}}));
}

#[rstest]
#[case(json!({"count": 3, "removal_policies": [{"resource_list": ["1"]}]}), json!(null), None, &["0", "2", "3"])]
#[case(json!({"count": 2}), json!(["0"]), Some(&[("1", "b"), ("2", "c")][..]), &["1", "2"])]
#[case(json!({"count": 2, "removal_policies": [{"resource_list": [1, "7"]}]}), json!(["0"]), Some(&[("1", "b"), ("2", "c")][..]), &["2", "3"])]
#[case(json!({"count": 1, "removal_policies": [{"resource_list": ["c"]}]}), json!([]), Some(&[("1", "b"), ("2", "c")][..]), &["0"])]
#[case(json!({"count": 2, "removal_policies_mode": "update"}), json!(["0"]), Some(&[("1", "b")][..]), &["0", "1"])]
fn removed_members_are_never_made_again(
    #[case] properties: Value,
    #[case] before: Value,
    #[case] members: Option<&[(&str, &str)]>,
    #[case] names: &[&str],
) {
    let members: Option<Vec<(String, Value)>> =
        members.map(|all| all.iter().map(|(name, id)| ((*name).to_owned(), (*id).into())).collect());
    let properties = properties.as_object().unwrap();
    let removed = group::removed(properties, Some(&before), members.as_deref());
    let made = group::assemble(properties, &removed);
    assert_eq!(made["resources"].as_object().unwrap().keys().collect::<Vec<_>>(), names);
}

#[rstest]
#[case(json!("it's"), "\"it's\"")]
#[case(json!({"a": [null, true, 1.5]}), "{'a': [None, True, 1.5]}")]
fn values_read_as_python_writes_them(#[case] value: Value, #[case] text: &str) {
    assert_eq!(python::repr(&value), text);
}

/// Values with the words of templates in odd places.
fn anything() -> impl Strategy<Value = Value> {
    let words = prop::sample::select(
        [
            "get_param",
            "get_attr",
            "get_resource",
            "if",
            "str_replace",
            "list_join",
            "repeat",
            "for_each",
            "template",
            "params",
            "resources",
            "parameters",
            "outputs",
            "conditions",
            "heat_template_version",
            "2018-08-31",
            "type",
            "properties",
            "OS::Heat::ResourceGroup",
            "OS::Nova::Server",
            "OS::Heat::Value",
            "count",
            "resource_def",
            "value",
            "equals",
            "not",
            "depends_on",
            "condition",
            "a",
            "b",
            "n.yaml",
            "constraints",
            "range",
            "min",
            "string",
            "number",
            "digest",
            "map_merge",
        ]
        .as_slice(),
    );
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        words.clone().prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 64, 6, move |inner| {
        let key = prop_oneof![words.clone().prop_map(str::to_owned), "[a-c%]{0,3}".prop_map(String::from)];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((key, inner), 0..6).prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn no_value_makes_it_panic(value in anything()) {
        let _ = resolve(&Known, &value);
        let _ = functions::condition(&Known, &value);
    }

    #[test]
    fn no_template_makes_it_panic(
        resources in anything(),
        parameters in anything(),
        conditions in anything(),
        outputs in anything(),
        given in anything(),
        nested in anything(),
    ) {
        let raw = json!({
            "heat_template_version": "2018-08-31", "resources": resources, "parameters": parameters, "conditions": conditions,
            "outputs": outputs,
        });
        let case = Case::new(given.clone(), "", &[("n.yaml", &nested.to_string())]);
        let _ = case.draw(&raw.to_string());
        let _ = environment::Environment::merge(Some(&given), &[], &BTreeMap::new());
    }

    #[test]
    fn no_property_makes_it_panic(kind in prop::sample::select(super::schema::Type::names().collect::<Vec<_>>()), properties in anything()) {
        let raw = json!({"heat_template_version": "2018-08-31", "resources": {"a": {"type": kind, "properties": properties}}});
        let _ = plain().draw(&raw.to_string());
    }

    #[test]
    fn no_text_makes_it_panic(text in "(?s).{0,200}") {
        let _ = plain().draw(&text);
        let _ = plain().draw(&format!("heat_template_version: 2018-08-31\n{text}"));
    }
}
