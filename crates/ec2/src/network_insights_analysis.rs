//! Network insights analysis: what Reachability Analyzer finds out about a path.
//!
//! It is about the network at the moment it is started, and is done within the call; the reply says `running` all the same,
//! as AWS's does, and whoever asks next finds it `succeeded`. It goes by itself after 120 days.
//! <https://docs.aws.amazon.com/vpc/latest/reachability/how-reachability-analyzer-works.html>
//!
//! How the answer looks is in [`path_component`](crate::path_component).

use std::ops::RangeInclusive;

use model::{
    AccountId, AnalysisConditions, AnalysisStatus, Draft, IdKind, NetworkInsightsAnalysisId, NetworkInsightsPathId, ResourceId, Timestamp,
    VpcPeeringConnectionId,
};
use serde::{Deserialize, Serialize};

use crate::describe::Describe;
use crate::edit::Edit;
use crate::error::Error;
use crate::filter::{FilterName, Tagged, values};
use crate::moment::Moment;
use crate::operations::Change;
use crate::path_component::{Explanation, PathComponent};
use crate::quota;
use crate::tag::{Tag, pairs};
use crate::view::{Arn, View};
use crate::wire::xml::Empty;

/// For how long an analysis is kept.
const KEPT: i64 = 120 * 24 * 60 * 60 * 1000;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct StartNetworkInsightsAnalysis {
    network_insights_path_id: NetworkInsightsPathId,
    #[serde(default)]
    additional_account: Vec<AccountId>,
    #[serde(default)]
    filter_in_arn: Vec<String>,
    #[serde(default)]
    filter_out_arn: Vec<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StartNetworkInsightsAnalysisAnswer {
    network_insights_analysis: NetworkInsightsAnalysis,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DescribeNetworkInsightsAnalyses {
    #[serde(default)]
    network_insights_analysis_id: Vec<NetworkInsightsAnalysisId>,
    network_insights_path_id: Option<NetworkInsightsPathId>,
    analysis_start_time: Option<Moment>,
    analysis_end_time: Option<Moment>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DeleteNetworkInsightsAnalysis {
    network_insights_analysis_id: NetworkInsightsAnalysisId,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DeleteNetworkInsightsAnalysisAnswer {
    network_insights_analysis_id: NetworkInsightsAnalysisId,
}

impl Change for StartNetworkInsightsAnalysis {
    type Answer = StartNetworkInsightsAnalysisAnswer;
    const TAGS: &'static [IdKind] = &[IdKind::NetworkInsightsAnalysisId];
    const IDEMPOTENT: bool = true;

    fn apply(&self, edit: &mut Edit<'_, '_>) -> Result<Self::Answer, Error> {
        if edit.client_token.is_none() {
            return Err(Error::missing("ClientToken"));
        }
        let path = edit.find(self.network_insights_path_id)?.clone();
        let conditions = AnalysisConditions {
            additional_accounts: self.additional_account.clone(),
            through: connections("FilterInArn", &self.filter_in_arn, edit.view())?,
            without: connections("FilterOutArn", &self.filter_out_arn, edit.view())?,
        };
        let running = |analysis: &&model::NetworkInsightsAnalysis| analysis.status == AnalysisStatus::Running;
        quota::NETWORK_INSIGHTS_ANALYSES.admit(edit.view().all::<model::NetworkInsightsAnalysis>().count() + 1)?;
        quota::CONCURRENT_NETWORK_INSIGHTS_ANALYSES.admit(edit.view().all::<model::NetworkInsightsAnalysis>().filter(running).count() + 1)?;
        let findings = semantics::analyze(&edit.draft, &path, &conditions);
        let analysis = model::NetworkInsightsAnalysis {
            id: edit.new_id(),
            scope: edit.scope,
            path: path.id,
            started: edit.now(),
            status: AnalysisStatus::Running,
            conditions,
            findings,
        };
        edit.create(analysis.clone());
        Ok(StartNetworkInsightsAnalysisAnswer { network_insights_analysis: NetworkInsightsAnalysis::new(&analysis, edit.view()) })
    }
}

/// The peering connections that these ARNs name; AWS also knows others that can be on a way, and there are none here.
fn connections(parameter: &str, arns: &[String], view: View<'_>) -> Result<Vec<VpcPeeringConnectionId>, Error> {
    let connection = |(at, text): (usize, &String)| match Arn::parse(text) {
        Some(arn) => match arn.id {
            ResourceId::VpcPeeringConnectionId(id) if arn.scope == view.scope => view.find(id).map(|connection| connection.id),
            ResourceId::VpcPeeringConnectionId(id) => Err(Error::not_found(id)),
            _ => Err(Error::UnsupportedParameter { parameter: format!("{parameter}.{}", at + 1), value: text.clone() }),
        },
        None if text.starts_with("arn:") => Err(Error::UnsupportedParameter { parameter: format!("{parameter}.{}", at + 1), value: text.clone() }),
        None => Err(Error::value(parameter, text, "It must be an ARN.")),
    };
    arns.iter().enumerate().map(connection).collect()
}

impl Describe for DescribeNetworkInsightsAnalyses {
    type Item = NetworkInsightsAnalysis;
    const SET: &'static str = "networkInsightsAnalysisSet";
    const FILTERS: &'static [FilterName<NetworkInsightsAnalysis>] = FILTERS;
    const PAGES: Option<RangeInclusive<u32>> = Some(1..=100);

    fn items(&self, view: View<'_>) -> Result<Vec<NetworkInsightsAnalysis>, Error> {
        let path = self.network_insights_path_id.map(|id| view.find(id)).transpose()?.map(|path| path.id);
        let is_asked_for = |analysis: &&model::NetworkInsightsAnalysis| {
            path.is_none_or(|path| analysis.path == path)
                && self.analysis_start_time.is_none_or(|begin| analysis.started >= begin.0)
                && self.analysis_end_time.is_none_or(|end| analysis.started <= end.0)
        };
        let analyses = view.named(&self.network_insights_analysis_id)?.into_iter().filter(is_asked_for);
        Ok(analyses.map(|analysis| NetworkInsightsAnalysis::new(analysis, view)).collect())
    }

    fn key(analysis: &NetworkInsightsAnalysis) -> String {
        analysis.network_insights_analysis_id.to_string()
    }
}

impl Change for DeleteNetworkInsightsAnalysis {
    type Answer = DeleteNetworkInsightsAnalysisAnswer;

    fn apply(&self, edit: &mut Edit<'_, '_>) -> Result<Self::Answer, Error> {
        let id = edit.find(self.network_insights_analysis_id)?.id;
        edit.draft.remove(id);
        Ok(DeleteNetworkInsightsAnalysisAnswer { network_insights_analysis_id: id })
    }
}

const FILTERS: &[FilterName<NetworkInsightsAnalysis>] =
    &[("path-found", |analysis| values(analysis.network_path_found)), ("status", |analysis| values([analysis.status]))];

/// Analyses that were started are done, and old ones go; says when the next one does.
pub(crate) fn advance(draft: &mut Draft, now: Timestamp) -> Option<Timestamp> {
    let analyses: Vec<_> =
        draft.all::<model::NetworkInsightsAnalysis>().map(|analysis| (analysis.id, analysis.status, analysis.started.plus_millis(KEPT))).collect();
    for &(id, status, end) in &analyses {
        if end <= now {
            draft.remove(id);
        } else if status == AnalysisStatus::Running {
            draft.update(id, |analysis| analysis.status = AnalysisStatus::Succeeded);
        }
    }
    analyses.into_iter().map(|(_, _, end)| end).filter(|end| *end > now).min()
}

/// An analysis as answers have it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NetworkInsightsAnalysis {
    network_insights_analysis_id: NetworkInsightsAnalysisId,
    network_insights_analysis_arn: Arn,
    network_insights_path_id: NetworkInsightsPathId,
    additional_account_set: Vec<AccountId>,
    filter_in_arn_set: Vec<Arn>,
    filter_out_arn_set: Vec<Arn>,
    start_date: Moment,
    status: AnalysisStatus,
    network_path_found: Option<bool>,
    forward_path_component_set: Option<Vec<PathComponent>>,
    return_path_component_set: Option<Vec<PathComponent>>,
    explanation_set: Option<Vec<Explanation>>,
    alternate_path_hint_set: Option<Empty>,
    suggested_account_set: Option<Vec<AccountId>>,
    tag_set: Vec<Tag>,
}

impl NetworkInsightsAnalysis {
    /// What was found out is told once the analysis has succeeded.
    fn new(analysis: &model::NetworkInsightsAnalysis, view: View<'_>) -> Self {
        let arns = |ids: &[VpcPeeringConnectionId]| ids.iter().map(|&id| view.arn(id)).collect();
        let found = Some(&analysis.findings).filter(|_| analysis.status == AnalysisStatus::Succeeded);
        Self {
            network_insights_analysis_id: analysis.id,
            network_insights_analysis_arn: view.arn(analysis.id),
            network_insights_path_id: analysis.path,
            additional_account_set: analysis.conditions.additional_accounts.clone(),
            filter_in_arn_set: arns(&analysis.conditions.through),
            filter_out_arn_set: arns(&analysis.conditions.without),
            start_date: Moment(analysis.started),
            status: analysis.status,
            network_path_found: found.map(|found| found.path_found),
            forward_path_component_set: found.map(|found| PathComponent::all(&found.forward)),
            return_path_component_set: found.map(|found| PathComponent::all(&found.back)),
            explanation_set: found.map(|found| found.explanations.iter().map(Explanation::from).collect()),
            alternate_path_hint_set: found.map(|_| Empty),
            suggested_account_set: found.map(|found| found.suggested_accounts.clone()),
            tag_set: view.tags(analysis.id),
        }
    }
}

impl Tagged for NetworkInsightsAnalysis {
    fn tags(&self) -> Vec<(&str, &str)> {
        pairs(&self.tag_set)
    }
}
