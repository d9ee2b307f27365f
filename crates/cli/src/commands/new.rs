//! `gevinst new`: a commented definition that passes `check`.

use gevinst_experiment::{ChannelName, ExperimentName, Month, Source, new_definition, parse_company};

use crate::args::{Colour, New};
use crate::clock;
use crate::failure::{Failure, Kind};
use crate::output::{say, write_file};
use crate::project;

pub(crate) fn run(args: &New, colour: Colour) -> Result<(), Failure> {
    let folder = args.dir.clone().unwrap_or_else(project::default_folder);
    let company_path =
        gevinst_experiment::find_company(&folder).map_err(|error| project::failure(error, colour))?;
    let text = std::fs::read_to_string(&company_path).map_err(|error| {
        Failure::new(Kind::Input, format!("failed to read `{}`: {error}", company_path.display()))
    })?;
    let company = parse_company(&Source::new(company_path.display().to_string(), text))
        .map_err(|diagnostics| project::failure(gevinst_experiment::Error::Invalid(diagnostics), colour))?
        .value;

    let wrong = |mistake: gevinst_experiment::Mistake| {
        let failure = Failure::new(Kind::Usage, mistake.message.clone());
        match &mistake.help {
            Some(help) => failure.hint(help.clone()),
            None => failure,
        }
    };
    let name: ExperimentName = args.name.parse().map_err(wrong)?;
    let channel: ChannelName = args.channel.parse().map_err(wrong)?;
    let Some(config) = company.channels.get(&channel) else {
        let there: Vec<String> = company.channels.keys().map(|name| format!("`{name}`")).collect();
        return Err(Failure::new(
            Kind::Input,
            format!("there is no channel `{channel}` in {}", company_path.display()),
        )
        .hint(if there.is_empty() {
            "add a `[channels.NAME]`".to_owned()
        } else {
            format!("there are {}", there.join(", "))
        }));
    };
    let month: Month = match &args.month {
        Some(text) => text.parse().map_err(wrong)?,
        None => {
            let now_us = clock::now_us(None)?;
            let date = company.timezone.date_at(now_us);
            date.and_then(Month::of)
                .map(Month::next)
                .ok_or_else(|| Failure::new(Kind::Internal, "the clock is outside the years 2000 to 2199"))?
        }
    };
    let path = folder.join(format!("{month}-{name}.toml"));
    if path.exists() {
        return Err(Failure::new(Kind::Input, format!("`{}` is there already", path.display()))
            .hint("take another name, or another `--month`"));
    }
    write_file(&path, new_definition(&name, &channel, &config.plugin, month, company.currency).as_bytes())?;
    say(&format!(
        "wrote {}\nnext: fill in the arms, then `gevinst check {0}` and `gevinst rehearse {0}`",
        path.display()
    ))
}
