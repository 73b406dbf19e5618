//! What a folder's networks are, one after the other, so that a large model can be examined in little memory.

use super::config::PartConfigs;
use super::{TEXT_ENCODER, UNET, VAE_DECODER, VAE_ENCODER, open_text_encoder};
use super::{text_encoder, unet, vae_decoder, vae_encoder};
use crate::error::LoadError;
use crate::models::card::Card;
use crate::models::report::NetworkReport;
use crate::models::{ModelSource, Task};
use crate::prompt::Embeddings;
use crate::safety::{self, SAFETY_CHECKER};
use crate::session::{OnnxSession, SessionFactory};

/// What was found.
#[derive(Debug, Default)]
pub(in crate::models) struct Examination {
    pub(in crate::models) networks: Vec<NetworkReport>,
    /// Whether the text encoder can leave out its last layer.
    pub(in crate::models) clip_skip: bool,
    /// Whether the folder has a safety checker.
    pub(in crate::models) safety_checker: bool,
    /// What would fail, each in a sentence.
    pub(in crate::models) problems: Vec<String>,
}

/// Opens every network and looks at its inputs and outputs as loading would do it.
///
/// # Errors
/// The folder's configuration is not usable, or ONNX Runtime is not. Networks that are not end in
/// [`problems`](Examination::problems).
pub(in crate::models) fn examine(
    source: &ModelSource,
    task: Task,
    factory: &SessionFactory,
) -> Result<Examination, LoadError> {
    let configs = PartConfigs::read(source, task)?;
    let card = Card::read(source)?;
    let mut examiner = Examiner {
        source,
        factory,
        found: Examination::default(),
    };
    examiner.note(source.tokenizer().map(|_| ()));
    let text_encoder =
        Embeddings::read(source).and_then(|embeddings| open_text_encoder(source, factory, &embeddings));
    examiner.session(TEXT_ENCODER, text_encoder, |found, session| {
        let io = text_encoder::Io::find(session)?;
        found.clip_skip = io.skipped(session, 2).is_ok();
        io.skipped(session, card.clip_skip.unwrap_or(1))
            .map(|_| ())
            .map_err(|reason| session.corrupt(reason))
    })?;
    examiner.network(UNET, |found, session| {
        let tokens = unet::Io::find(session, configs.unet_channels())?.tokens();
        found.problems.extend(
            tokens.map(|tokens| format!("{UNET} reads exactly {tokens} tokens: longer prompts are cut off.")),
        );
        Ok(())
    })?;
    examiner.network(VAE_DECODER, |_, session| {
        vae_decoder::Io::find(session).map(|_| ())
    })?;
    examiner.vae_encoder()?;
    examiner.safety_checker()?;
    Ok(examiner.found)
}

struct Examiner<'a> {
    source: &'a ModelSource,
    factory: &'a SessionFactory,
    found: Examination,
}

impl Examiner<'_> {
    /// Opens a network and looks at it.
    fn network(
        &mut self,
        file: &str,
        check: impl FnOnce(&mut Examination, &OnnxSession) -> Result<(), LoadError>,
    ) -> Result<(), LoadError> {
        let session = self
            .source
            .network(file)
            .and_then(|network| self.factory.open(&network));
        self.session(file, session, check)
    }

    /// Describes a network that was opened, and has its inputs and outputs checked.
    fn session(
        &mut self,
        file: &str,
        session: Result<OnnxSession, LoadError>,
        check: impl FnOnce(&mut Examination, &OnnxSession) -> Result<(), LoadError>,
    ) -> Result<(), LoadError> {
        let session = match session {
            Ok(session) => session,
            Err(error @ LoadError::Corrupt { .. }) => {
                self.note(Err(error));
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        let bytes = self.source.network_bytes(file);
        self.found
            .networks
            .push(NetworkReport::new(file, bytes, &session));
        self.found.problems.extend(fixed_shapes(file, &session));
        let checked = check(&mut self.found, &session);
        self.note(checked);
        Ok(())
    }

    fn vae_encoder(&mut self) -> Result<(), LoadError> {
        if self.source.network_optional(VAE_ENCODER)?.is_none() {
            self.found.problems.push(format!(
                "There is no {VAE_ENCODER}: image to image, inpainting and the like are not possible."
            ));
            return Ok(());
        }
        self.network(VAE_ENCODER, |found, session| {
            if vae_encoder::Io::find(session)?.is_sampled() {
                found.problems.push(format!(
                    "{VAE_ENCODER} draws its own noise: the same seed gives a slightly different picture each time in \
                     image to image and inpainting."
                ));
            }
            Ok(())
        })
    }

    fn safety_checker(&mut self) -> Result<(), LoadError> {
        if self.source.network_optional(SAFETY_CHECKER)?.is_none() {
            return Ok(());
        }
        self.found.safety_checker = true;
        self.network(SAFETY_CHECKER, |_, session| safety::Io::find(session).map(|_| ()))
    }

    fn note(&mut self, result: Result<(), LoadError>) {
        if let Err(error) = result {
            self.found.problems.push(sentence(&error.to_string()));
        }
    }
}

/// Inputs that cannot have another batch or size than that of the export.
fn fixed_shapes(file: &str, session: &OnnxSession) -> Option<String> {
    let input = session.inputs().iter().find(|input| {
        let [batch, _, rest @ ..] = input.dims.as_slice() else {
            return false;
        };
        *batch > 1 || rest.iter().any(|dim| input.dims.len() == 4 && *dim > 0)
    })?;
    Some(format!(
        "{file} was exported with the fixed shape {:?} for its input `{}`: no other size or batch is possible.",
        input.dims, input.name
    ))
}

/// With a capital letter and a full stop.
fn sentence(text: &str) -> String {
    let mut letters = text.trim_end().trim_end_matches('.').chars();
    let first = letters.next().map(char::to_uppercase);
    first.into_iter().flatten().chain(letters).chain(['.']).collect()
}
