/**
 * The API's types, generated from docs/openapi.json by scripts/editor.sh types: not to be edited.
 * reason: it is generated.
 */

export interface paths {
  '/access': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /** What a page for logging in may offer */
    get: operations['getAccess']
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/alert-rules': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /** What raises alerts, by name */
    get: operations['listAlertRules']
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/alert-rules/{name}': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    /** Write a rule; an open alert of the rule as it was is cleared */
    put: operations['putAlertRule']
    post?: never
    /** Have no such rule; of `failures`, the shipped one holds again */
    delete: operations['deleteAlertRule']
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/alerts': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /** Alerts, newest first; the open ones unless all are asked for */
    get: operations['listAlerts']
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/approvals': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /** What waits for a person, newest first */
    get: operations['listApprovals']
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/audit': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /** Who changed what, newest first */
    get: operations['listAudit']
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/audit/export': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /** Who changed what, the oldest first, as a stream */
    get: operations['exportAudit']
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/billing': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /** What the provider of payments says of the workspace */
    get: operations['getBilling']
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/bulk-jobs': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /** Bulk jobs, newest first */
    get: operations['listBulkJobs']
    put?: never
    /** Do one thing with many executions */
    post: operations['createBulkJob']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/bulk-jobs/{job_id}': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /** A bulk job and its counts */
    get: operations['getBulkJob']
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/bulk-jobs/{job_id}/cancel': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /** What is left of it is not done */
    post: operations['cancelBulkJob']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/bulk-jobs/{job_id}/items': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /** What became of each execution */
    get: operations['listBulkJobItems']
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/credential-types': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /** Kinds of credentials, and what each is made of */
    get: operations['listCredentialTypes']
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/credentials': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /** Credentials without their secrets, newest first */
    get: operations['listCredentials']
    put?: never
    /** Make a credential */
    post: operations['createCredential']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/credentials/{credential_id}': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /** A credential, and what names it */
    get: operations['getCredential']
    /** Give it other fields, all of them */
    put: operations['replaceCredential']
    post?: never
    /** Its secret is gone */
    delete: operations['deleteCredential']
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/credentials/{credential_id}/rename': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /** Give it another name */
    post: operations['renameCredential']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/credentials/{credential_id}/test': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /** Try it at its provider, without doing anything there */
    post: operations['testCredential']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/credentials/{credential_id}/uses': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /** Executions that have used it, newest first */
    get: operations['listCredentialUses']
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/deleted-leads': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /** Leads that were deleted and can be restored, the newest made first */
    get: operations['listDeletedLeads']
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/deleted-leads/{lead_id}/restore': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /** Have a deleted lead be as it was */
    post: operations['restoreLead']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/deleted-records': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /** Records that were deleted and can be restored, the newest made first */
    get: operations['listDeletedRecords']
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/deleted-records/{record_id}/restore': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /** Have a deleted record be as it was */
    post: operations['restoreRecord']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/deleted-workflows': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /** Workflows that were deleted, the newest made first */
    get: operations['listDeletedWorkflows']
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/deleted-workflows/{workflow_id}/restore': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /** Have a deleted workflow be as it was, with its triggers */
    post: operations['restoreWorkflow']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/event-types': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /** Events that endpoints may get */
    get: operations['listEventTypes']
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/events': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /** Send a custom event; the same id is taken in once */
    post: operations['sendEvent']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/events/batch': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /** Send many of them, all or none */
    post: operations['sendEvents']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/executions': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /** Executions, newest first */
    get: operations['listExecutions']
    put?: never
    /** Start an execution */
    post: operations['startExecution']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/executions/{execution_id}': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /** An execution with its steps */
    get: operations['getExecution']
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/executions/{execution_id}/approvals/{node_id}': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /** Answer an approval */
    post: operations['answerApproval']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/executions/{execution_id}/cancel': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /** Cancel it */
    post: operations['cancelExecution']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/executions/{execution_id}/case': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /** A case for `capstan test` */
    get: operations['getTestCase']
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/executions/{execution_id}/events': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /** What happens to it, live */
    get: operations['followExecution']
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/executions/{execution_id}/explain': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /** What it waits for */
    get: operations['explainExecution']
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/executions/{execution_id}/logs': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /** Its log lines, oldest first */
    get: operations['readLogs']
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/executions/{execution_id}/migrate': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /** It goes on with another version, if that fits */
    post: operations['migrateExecution']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/executions/{execution_id}/pause': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /** Hold it up */
    post: operations['pauseExecution']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/executions/{execution_id}/resolve': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /** How an incident goes on */
    post: operations['resolveIncident']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/executions/{execution_id}/restart': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /** A new execution that begins with what this one had done */
    post: operations['restartExecution']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/executions/{execution_id}/resume': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /** Have it go on */
    post: operations['resumeExecution']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/executions/{execution_id}/retry-now': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /** Steps that wait for their next attempt go on at once */
    post: operations['retryNow']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/executions/{execution_id}/signals/{name}': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /** Send it a signal; the body is its payload */
    post: operations['sendSignal']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/executions/{execution_id}/timeline': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /** Attempts and waits of its steps */
    get: operations['readTimeline']
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/expressions/preview': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /** What an expression comes to with given data */
    post: operations['previewExpression']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/forms': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /** Forms that answer, by their paths */
    get: operations['listForms']
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/healthz': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /** Whether the process and its database answer; also at `/healthz` */
    get: operations['getHealth']
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/hook-secrets': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /** Secrets that hooks verify with, newest first, without the secrets */
    get: operations['listHookSecrets']
    put?: never
    /** Add a secret; others of its name stay good for a while */
    post: operations['addHookSecret']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/hook-secrets/{hook_secret_id}': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    post?: never
    /** Calls that are signed with it are refused */
    delete: operations['removeHookSecret']
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/identities': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /** Who one is at login providers */
    get: operations['listIdentities']
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/identities/{identity_id}': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    post?: never
    /** No longer be that one */
    delete: operations['unlinkIdentity']
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/invitations': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /** Invitations that are open */
    get: operations['listInvitations']
    put?: never
    /** Invite somebody by mail; once more renews it */
    post: operations['invite']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/invitations/{invitation_id}': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    post?: never
    /** Its link opens nothing any more */
    delete: operations['revokeInvitation']
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/invitations/accept': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /** Join a workspace, as a new user or as oneself */
    post: operations['acceptInvitation']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/jwks': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /** The keys that tokens are verified with, as a JWK set */
    get: operations['getPublicKeys']
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/keys': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /** API keys, newest first, without the keys themselves */
    get: operations['listKeys']
    put?: never
    /** Make an API key, which is told this once */
    post: operations['createKey']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/keys/{key_id}': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    post?: never
    /** It opens nothing any more */
    delete: operations['revokeKey']
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/lead-board': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /** Leads by state */
    get: operations['getLeadBoard']
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/lead-fields': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /** Custom fields of leads */
    get: operations['listLeadFields']
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/lead-fields/{name}': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    /** Define one, or change what it is called */
    put: operations['putLeadField']
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/lead-pipeline': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /** The states of leads, and the ways between them */
    get: operations['getLeadPipeline']
    /** Replace them */
    put: operations['putLeadPipeline']
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/lead-sources': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /** Where leads come from */
    get: operations['listLeadSources']
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/leads': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /** Leads, newest first */
    get: operations['listLeads']
    put?: never
    /** Make a lead */
    post: operations['createLead']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/leads/{lead_id}': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /** A lead */
    get: operations['getLead']
    put?: never
    post?: never
    /** Hide a lead; its e-mail address is free again */
    delete: operations['deleteLead']
    options?: never
    head?: never
    /** Change a lead */
    patch: operations['updateLead']
    trace?: never
  }
  '/leads/{lead_id}/events': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /** What was done to a lead, newest first */
    get: operations['listLeadEvents']
    put?: never
    /** Note an e-mail, a call, a meeting, or anything else */
    post: operations['noteLeadEvent']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/leads/{lead_id}/status': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /** Move a lead in the pipeline */
    post: operations['setLeadStatus']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/limits': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /** Limits on how many executions are at work, and how many are */
    get: operations['listLimits']
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/limits/workspace': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    /** How many executions of the workspace are at work at a time */
    put: operations['setWorkspaceLimit']
    post?: never
    /** Have no such limit */
    delete: operations['removeWorkspaceLimit']
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/login-providers': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /** Where people may log in beside here */
    get: operations['listLoginProviders']
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/logs': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /** Executions in whose logs words are, newest first, with these lines */
    get: operations['searchLogs']
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/mail-links/look': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /** What a link in a mail is for; changes nothing */
    post: operations['lookAtMailLink']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/me': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /** Who the request comes from, and what it may do */
    get: operations['getMe']
    /** Have another name */
    put: operations['renameMe']
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/me/password': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    /** Have another password; all other sessions end */
    put: operations['changePassword']
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/members': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /** Who belongs to the workspace */
    get: operations['listMembers']
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/members/{user_id}': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    /** Give somebody another role */
    put: operations['changeMember']
    post?: never
    /** Have somebody belong to it no more */
    delete: operations['removeMember']
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/members/leave': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /** Belong to it no more */
    post: operations['leaveWorkspace']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/node-types': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /** The palette: every node type with its schema */
    get: operations['listNodeTypes']
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/notification-preferences': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /** Of which kinds of news one is mailed */
    get: operations['listNotificationPreferences']
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/notification-preferences/{kind}': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    /** Say whether to be mailed of a kind */
    put: operations['setNotificationPreference']
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/notifications': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /** What one was told, newest first */
    get: operations['listNotifications']
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/notifications/read': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /** Mark some as read, or all */
    post: operations['readNotifications']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/openapi.json': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /** This document */
    get: operations['getOpenApi']
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/operations/{operation_id}': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /** How far it is */
    get: operations['getOperation']
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/operations/{operation_id}/retry': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /** Let one that failed go on at the step where it did */
    post: operations['retryOperation']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/password/forgot': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /** Ask for a mail to choose another password with */
    post: operations['forgotPassword']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/password/reset': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /** Choose another password; all sessions end */
    post: operations['resetPassword']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/pauses': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /** What is paused, by whom, why and since when */
    get: operations['listPauses']
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/person-jobs': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /** Exports and erasures of persons, newest first */
    get: operations['listPersonJobs']
    put?: never
    /** Export or erase what is held about a person */
    post: operations['createPersonJob']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/person-jobs/{person_job_id}': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /** An export or erasure of a person, and how far it is */
    get: operations['getPersonJob']
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/person-jobs/{person_job_id}/lines': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /** What an export found, a line of JSON each */
    get: operations['getPersonJobLines']
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/platform/audit': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /** Changes of settings, and of what is assigned to workspaces */
    get: operations['listPlatformChanges']
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/platform/billing/events': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /** Events that somebody has to look at, or those with an outcome */
    get: operations['listBillingEvents']
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/platform/billing/prices': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /** Which price or product is paid for which plan */
    get: operations['listBillingPrices']
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/platform/billing/prices/{price}': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    /** Have it stand for a plan; those who pay it get that plan */
    put: operations['setBillingPrice']
    post?: never
    /** Have it stand for no plan */
    delete: operations['removeBillingPrice']
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/platform/database-servers': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /** Servers that dedicated workspaces may be on */
    get: operations['listDatabaseServers']
    put?: never
    /** Make a server known; it has to be checked then */
    post: operations['createDatabaseServer']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/platform/database-servers/{server_id}': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /** A server, and what its last check has found */
    get: operations['getDatabaseServer']
    /** Change it; it has to be checked again then */
    put: operations['changeDatabaseServer']
    post?: never
    /** Forget a server that nothing is on */
    delete: operations['deleteDatabaseServer']
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/platform/database-servers/{server_id}/check': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /** Connect to it, and say what is wrong with it */
    post: operations['checkDatabaseServer']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/platform/duties': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /** Duties of upkeep, and what the database says of how it is used */
    get: operations['listDuties']
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/platform/health': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /** How the first cell, its fleet and its database are and were */
    get: operations['getPlatformHealth']
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/platform/pages': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /** Parts of the product that workspaces can have */
    get: operations['listPages']
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/platform/settings': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /** Settings of the platform, and what holds */
    get: operations['listPlatformSettings']
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/platform/settings/{name}': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    /** Set one; it holds in all processes within seconds */
    put: operations['setPlatformSetting']
    post?: never
    /** Let one be as the environment of the processes says */
    delete: operations['removePlatformSetting']
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/platform/tenants': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /** Workspaces, newest first */
    get: operations['listTenants']
    put?: never
    /** Make a workspace for somebody; the same key is the same operation */
    post: operations['createTenant']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/platform/tenants/{workspace_id}': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /** A workspace with its history */
    get: operations['getTenant']
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/platform/tenants/{workspace_id}/archive': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /** It can be read, and is never changed again */
    post: operations['archiveTenant']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/platform/tenants/{workspace_id}/billing': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /** What the provider of payments says of a workspace */
    get: operations['getTenantBilling']
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/platform/tenants/{workspace_id}/billing/customer': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    /** Say which customer pays for a workspace */
    put: operations['linkTenantCustomer']
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/platform/tenants/{workspace_id}/pages': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /** Which pages a workspace has */
    get: operations['getTenantPages']
    /** Assign pages to a workspace; routes of others refuse within seconds */
    put: operations['assignTenantPages']
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/platform/tenants/{workspace_id}/resume': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /** What was held up goes on */
    post: operations['resumeTenant']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/platform/tenants/{workspace_id}/suspend': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /** Nobody gets in, and nothing of it runs, until it is resumed */
    post: operations['suspendTenant']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/platform/transitions': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /** Which moves of workspaces there are */
    get: operations['listTenantMoves']
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/readyz': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /** Whether the process takes requests, and is not about to stop; also at `/readyz` */
    get: operations['getReadiness']
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/record-types': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /** Types of records */
    get: operations['listRecordTypes']
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/record-types/{name}': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /** A type: states, and the ways between them */
    get: operations['getRecordType']
    /** Define one, or replace one */
    put: operations['putRecordType']
    post?: never
    /** Delete one that no record is of, or have the shipped one hold again */
    delete: operations['deleteRecordType']
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/records': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /** Records, newest first */
    get: operations['listRecords']
    put?: never
    /** Make a record, in the initial state of its type */
    post: operations['createRecord']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/records/{record_id}': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /** A record */
    get: operations['getRecord']
    put?: never
    post?: never
    /** Hide a record; its history stays */
    delete: operations['deleteRecord']
    options?: never
    head?: never
    /** Change the data of a record */
    patch: operations['updateRecord']
    trace?: never
  }
  '/records/{record_id}/history': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /** What was done to a record, newest first */
    get: operations['listRecordHistory']
    put?: never
    /** Note an e-mail, a call, a meeting, or anything else about a record */
    post: operations['noteRecordEvent']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/records/{record_id}/transitions': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /** Where a record may go */
    get: operations['listRecordTransitions']
    put?: never
    /** Move a record to another state */
    post: operations['transitionRecord']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/rules': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /** Automation rules, newest first */
    get: operations['listRules']
    put?: never
    /** Make a rule, and publish the workflow that it is compiled to */
    post: operations['createRule']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/rules/{rule_id}': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /** A rule */
    get: operations['getRule']
    /** Change a rule; its workflow is published anew if it says something else */
    put: operations['updateRule']
    post?: never
    /** Have no such rule, nor its workflow */
    delete: operations['deleteRule']
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/schedules': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /** Schedules, newest first */
    get: operations['listSchedules']
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/schedules/{schedule_id}': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /** A schedule, when it fires, and what it has started */
    get: operations['getSchedule']
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/schedules/{schedule_id}/backfill': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /** Start what it would have started in a time that is past */
    post: operations['backfillSchedule']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/schedules/{schedule_id}/fire': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /** Start it now */
    post: operations['fireSchedule']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/schedules/{schedule_id}/pause': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /** Have it fire no more */
    post: operations['pauseSchedule']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/schedules/{schedule_id}/resume': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /** Have it fire from now on */
    post: operations['resumeSchedule']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/schedules/preview': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /** When a schedule would fire */
    post: operations['previewSchedule']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/session': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /** Log in */
    post: operations['logIn']
    /** Log out */
    delete: operations['logOut']
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/sessions': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /** Where one is logged in */
    get: operations['listSessions']
    put?: never
    post?: never
    /** Log out everywhere else */
    delete: operations['endOtherSessions']
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/sessions/{session_id}': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    post?: never
    /** Log out there */
    delete: operations['endSession']
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/sign-up': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /** Ask for a mail to sign up with */
    post: operations['signUp']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/sign-up/complete': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /** Become a user with a workspace */
    post: operations['completeSignUp']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/stats/daily': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /** What the workspace did, day by day, the oldest first */
    get: operations['listDailyStats']
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/stream': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /** What changes in the workspace, live */
    get: operations['followWorkspace']
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/tokens': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /** A short-lived token in exchange for the API key that the request comes with */
    post: operations['createToken']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/usage': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /** What the workspace uses of its plan */
    get: operations['getUsage']
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/usage/receipts': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /** The facts that were counted, newest first */
    get: operations['listReceipts']
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/webhook-deliveries': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /** Deliveries, newest first */
    get: operations['listWebhookDeliveries']
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/webhook-deliveries/{delivery_id}': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /** A delivery with its body and attempts */
    get: operations['getWebhookDelivery']
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/webhook-deliveries/{delivery_id}/resend': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /** Send it again */
    post: operations['resendWebhookDelivery']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/webhook-endpoints': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /** All endpoints, newest first */
    get: operations['listWebhookEndpoints']
    put?: never
    /** Make an endpoint, whose secret is told this once */
    post: operations['createWebhookEndpoint']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/webhook-endpoints/{endpoint_id}': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /** An endpoint */
    get: operations['getWebhookEndpoint']
    /** Change all of it but its secrets */
    put: operations['updateWebhookEndpoint']
    post?: never
    /** Nothing is sent to it any more */
    delete: operations['deleteWebhookEndpoint']
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/webhook-endpoints/{endpoint_id}/client-certificate': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    /** Show its receiver a certificate */
    put: operations['setWebhookClientCertificate']
    post?: never
    /** Show its receiver none any more */
    delete: operations['removeWebhookClientCertificate']
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/webhook-endpoints/{endpoint_id}/counts': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /** Its deliveries by status, each counted up to 10,000 */
    get: operations['countWebhookDeliveries']
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/webhook-endpoints/{endpoint_id}/disable': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /** Send it nothing; what was not delivered is cancelled */
    post: operations['disableWebhookEndpoint']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/webhook-endpoints/{endpoint_id}/enable': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /** Have it get events from now on */
    post: operations['enableWebhookEndpoint']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/webhook-endpoints/{endpoint_id}/resend': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /** Send it again what was not delivered */
    post: operations['resendWebhookDeliveries']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/webhook-endpoints/{endpoint_id}/rotate': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /** Give it a new secret; those of before sign along for a while */
    post: operations['rotateWebhookSecret']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/webhook-endpoints/{endpoint_id}/test': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /** Send it a test event */
    post: operations['testWebhookEndpoint']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/workflows': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /** Workflows, newest first */
    get: operations['listWorkflows']
    put?: never
    /** Make a workflow */
    post: operations['createWorkflow']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/workflows/{workflow_id}': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /** A workflow with its draft */
    get: operations['getWorkflow']
    put?: never
    post?: never
    /** Hide a workflow; executions that have begun go on */
    delete: operations['deleteWorkflow']
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/workflows/{workflow_id}/draft': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    /** Replace the draft */
    put: operations['saveDraft']
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/workflows/{workflow_id}/draft/backtest': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /** What the draft would have made of the last executions */
    post: operations['backtestDraft']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/workflows/{workflow_id}/draft/run': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /** Run the draft for real, without publishing it */
    post: operations['runDraft']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/workflows/{workflow_id}/draft/simulate': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /** What an execution of the draft would do, without effects */
    post: operations['simulateDraft']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/workflows/{workflow_id}/draft/test-step': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /** Run one step of the draft for real */
    post: operations['testStep']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/workflows/{workflow_id}/export': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /** The draft as a file, without secrets */
    get: operations['exportWorkflow']
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/workflows/{workflow_id}/hooks/listen': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /** Wait for a call at an address, which becomes a sample */
    post: operations['listenForCall']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/workflows/{workflow_id}/hooks/listen/{listen_id}': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /** What came */
    get: operations['getListen']
    put?: never
    post?: never
    /** Wait no more */
    delete: operations['endListen']
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/workflows/{workflow_id}/limits/executions': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    /** How many executions of a workflow are at work at a time */
    put: operations['setWorkflowLimit']
    post?: never
    /** Have no such limit */
    delete: operations['removeWorkflowLimit']
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/workflows/{workflow_id}/limits/key': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    /** The same for each value of the key of a workflow */
    put: operations['setKeyLimit']
    post?: never
    /** What each version says holds again */
    delete: operations['removeKeyLimit']
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/workflows/{workflow_id}/pause': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /** Hold up all executions of a workflow */
    post: operations['pauseWorkflow']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/workflows/{workflow_id}/publish': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /** The draft becomes the next version */
    post: operations['publishDraft']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/workflows/{workflow_id}/rename': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /** Give it another name */
    post: operations['renameWorkflow']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/workflows/{workflow_id}/resume': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /** Have them go on */
    post: operations['resumeWorkflow']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/workflows/{workflow_id}/trigger-starts': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /** What triggers have started by themselves, newest first */
    get: operations['listTriggerStarts']
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/workflows/{workflow_id}/validate': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /** Check the draft */
    post: operations['validateDraft']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/workflows/{workflow_id}/versions': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /** Versions of a workflow, newest first */
    get: operations['listVersions']
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/workflows/{workflow_id}/versions/{version_id}': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /** A version with its graph */
    get: operations['getVersion']
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/workflows/export': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /** All drafts, a file on each line */
    get: operations['exportWorkflows']
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/workflows/import': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /** Have files become drafts, without losing a change */
    post: operations['importWorkflows']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/workflows/validate': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /** Check a graph without storing it */
    post: operations['validateGraph']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/workspace/pause': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /** Hold up all executions of the workspace */
    post: operations['pauseWorkspace']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/workspace/resume': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /** Have them go on; workflows that were paused by themselves stay so */
    post: operations['resumeWorkspace']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/workspace/settings': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /** Settings of the workspace */
    get: operations['getWorkspaceSettings']
    /** Change settings of the workspace */
    put: operations['setWorkspaceSettings']
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/workspace/transfer': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /** Give the workspace to another member */
    post: operations['transferWorkspace']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/workspaces': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /** Ask for a workspace; the same key is the same operation */
    post: operations['createWorkspace']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
}
export type webhooks = Record<string, never>
export interface components {
  schemas: {
    AcceptInvitation: {
      name?: string | null
      password?: string | null
      token: string
    }
    /** @description What a page for logging in may offer. */
    AccessOffered: {
      /** @description Whether this installation sends mail. */
      mail: boolean
      /** @description What everybody is to be shown; null for nothing. */
      notice: string | null
      password: components['schemas']['PasswordRule']
      /** @description Whether anybody may sign up. */
      sign_up: boolean
      /** @description Where to ask for help; null if nobody has said. */
      support_address: string | null
    }
    /** @description One time that a rule was broken. */
    Alert: {
      /** Format: date-time */
      cleared_at: string | null
      /** @description `recovered`, or `rule_changed`. */
      cleared_because: string | null
      /** @description Figures, which depend on the kind. */
      detail: {
        [key: string]: unknown
      }
      /** Format: uuid */
      id: string
      kind: components['schemas']['AlertKind']
      /** Format: date-time */
      raised_at: string
      /** @description The name of the rule. */
      rule: string
      status: components['schemas']['AlertStatus']
      /** @description A sentence for people. */
      summary: string
      /** Format: uuid */
      workflow_id: string | null
    }
    /**
     * @description What a rule looks at.
     * @enum {string}
     */
    AlertKind: 'failure_rate' | 'silence' | 'queue_age' | 'sla' | 'metric'
    /**
     * @description Figures of a day that a rule can look at.
     * @enum {string}
     */
    AlertMetric:
      | 'executions_started'
      | 'executions_failed'
      | 'executions_cancelled'
      | 'duration_ms_p50'
      | 'duration_ms_p95'
      | 'duration_ms_max'
      | 'emails_sent'
      | 'leads_created'
    /** @description One page. */
    AlertPage: {
      items: components['schemas']['Alert'][]
      /** @description Absent on the last page. */
      next_cursor: string | null
    }
    /** @description A rule as it is. */
    AlertRule: {
      /** Format: int64 */
      above: number | null
      /** Format: int32 */
      after_s: number | null
      enabled: boolean
      /** Format: int32 */
      ended_min: number | null
      kind: components['schemas']['AlertKind']
      mail: boolean
      metric: components['schemas']['AlertMetric'] | null
      name: string
      /** Format: int32 */
      percent: number | null
      /** Format: date-time */
      updated_at: string | null
      /** @description Null for the rule that is shipped. */
      updated_by: string | null
      /** Format: int32 */
      window_s: number | null
      /** Format: uuid */
      workflow_id: string | null
    }
    /** @description A list that is whole. */
    AlertRuleList: {
      items: components['schemas']['AlertRule'][]
    }
    /**
     * @description Whether a rule is still broken.
     * @enum {string}
     */
    AlertStatus: 'open' | 'cleared'
    /** @description An API key, without the key itself. */
    ApiKey: {
      /** Format: date-time */
      created_at: string
      /**
       * Format: uuid
       * @description The key or user that made it.
       */
      created_by: string | null
      /** Format: date-time */
      expires_at: string | null
      /** Format: uuid */
      id: string
      /** Format: date-time */
      last_used_at: string | null
      name: string
      /** @description Its first characters. */
      prefix: string
      /** Format: date-time */
      revoked_at: string | null
      /** @description Null: all that a key can have. */
      scopes: string[] | null
    }
    /** @description A list that is whole. */
    ApiKeyList: {
      items: components['schemas']['ApiKey'][]
    }
    /** @description An approval as clients see it. */
    Approval: {
      /** @description Who answered what; null until then. */
      answer: components['schemas']['ApprovalAnswer'] | null
      /** Format: date-time */
      closed_at: string | null
      /** Format: date-time */
      created_at: string
      /** Format: date-time */
      deadline_at: string | null
      /** Format: uuid */
      execution_id: string
      fields: {
        [key: string]: unknown
      }[]
      /** Format: uuid */
      id: string
      node_id: string
      scope: string
      status: components['schemas']['ApprovalStatus']
      text: string | null
      title: string
      /** @description Who may answer: `{api_key, link}`. */
      who: components['schemas']['WhoAnswers']
    }
    /** @description An answer, as its step gives it back. */
    ApprovalAnswer: {
      answer: components['schemas']['Decided']
      /** Format: date-time */
      at: string
      /** @description A key, or a link. */
      by: {
        [key: string]: unknown
      }
      comment: string | null
      fields: {
        [key: string]: unknown
      }
    }
    /** @description One page. */
    ApprovalPage: {
      items: components['schemas']['Approval'][]
      /** @description Absent on the last page. */
      next_cursor: string | null
    }
    /** @enum {string} */
    ApprovalStatus: 'open' | 'answered' | 'expired' | 'cancelled'
    /** @description The pages of a workspace. */
    AssignedPages: {
      /** @description Whether nobody has assigned any: it has all that there are and will be. */
      is_all: boolean
      /** @description In the order in which `GET /platform/pages` lists them. */
      pages: string[]
      /** Format: date-time */
      set_at: string | null
      set_by: string | null
    }
    AssignPages: {
      /** @description Names of pages; null for all there are and will be. */
      pages?: string[] | null
    }
    /** @description A worker process, as far as it is known. */
    AttemptWorker: {
      /** @description The name of the process, as its log has it. */
      name: string | null
      /**
       * Format: int32
       * @description Its number, a new one for each life of a process, as its log has it and explain tells it.
       */
      worker_no: number | null
    }
    AuditActor: {
      /** Format: uuid */
      id: string
      kind: components['schemas']['AuditActorKind']
      /** @description Name of the key, address of the user, or `billing`. */
      name: string
    }
    AuditActorKind: ('user' | 'key') | 'operator' | 'billing'
    /** @description A member that differs. What cannot be shown is `[redacted]`, or `[changed]` if it is another now; what is long is cut. */
    AuditChange: {
      /** @description What it is; null if it is there no more. */
      after: unknown
      /** @description What it was; null if it was not there. */
      before: unknown
      /** @description A JSON pointer. Empty in the last entry if more differs than has room; `after` tells how much. */
      path: string
    }
    /** @description A change that was made. */
    AuditEntry: {
      /** @description Method and route; a command of an operator; a move of the workspace by the platform. */
      action: string
      address: string | null
      /** Format: date-time */
      at: string
      by: components['schemas']['AuditActor']
      /** @description What is other than before, at most about 16 KiB of it; null where the record tells of no values. */
      changes: components['schemas']['AuditChange'][] | null
      /** Format: uuid */
      id: string
      request_id: string
      /**
       * Format: uint16
       * @description Of the answer; 0 if the process died before it was known.
       */
      status: number
      /** @description The path with its ids. */
      subject: string
    }
    /** @description One page. */
    AuditEntryPage: {
      items: components['schemas']['AuditEntry'][]
      /** @description Absent on the last page. */
      next_cursor: string | null
    }
    Backfilled: {
      /**
       * Format: uint32
       * @description Fire times of the range.
       */
      count: number
      /**
       * Format: uint64
       * @description How many of them had not started before; null for a dry run.
       */
      new: number | null
      /** @description The first 100 of them. */
      times: string[]
    }
    BackfillRange: {
      /**
       * @description Whether only to tell what would start.
       * @default false
       */
      dry_run: boolean
      /** Format: date-time */
      from: string
      /** @description Instead of the schedule's own. */
      overlap?: components['schemas']['Overlap'] | null
      /** Format: date-time */
      to: string
    }
    Backtest: {
      /**
       * Format: uint
       * @description How many of the last executions that ended.
       */
      executions?: number | null
      /**
       * @description What stands for effects of which there is no record, and before those of which there is.
       * @default {}
       */
      stubs: {
        [key: string]: unknown
      }
      unstubbed?: components['schemas']['Unstubbed']
    }
    /** @description In how many executions a node changes so. */
    BacktestChange: {
      change: components['schemas']['Change']
      /** Format: uint */
      executions: number
      node_id: string
    }
    /** @description A backtest: one entry for each execution, newest first, and totals. */
    Backtested: {
      executions: components['schemas']['BacktestedExecution'][]
      totals: components['schemas']['BacktestTotals']
    }
    /** @description One execution, held against the draft. */
    BacktestedExecution: {
      /** @description On its own version. */
      before: components['schemas']['BacktestSide'] | null
      differences: components['schemas']['Difference'][]
      /** Format: uint */
      differences_left_out: number
      /** @description Whether a simulation on its own version comes to what is recorded. */
      exact: boolean
      /** Format: uuid */
      execution_id: string
      /** @description On the draft. */
      now: components['schemas']['BacktestSide'] | null
      verdict: components['schemas']['BacktestVerdict']
      why?: components['schemas']['BacktestUnclear'] | null
    }
    /** @description How a simulation came out. */
    BacktestSide: {
      error: components['schemas']['Failure'] | null
      status: string
      stopped: components['schemas']['Stopped'] | null
    }
    BacktestTotals: {
      /** Format: uint */
      changed: number
      /** @description What happens most first. */
      changes: components['schemas']['BacktestChange'][]
      /** Format: uint */
      executions: number
      /**
       * Format: uint
       * @description Of those that are clear: what is recorded is not what a simulation on their own version comes to.
       */
      inexact: number
      /**
       * Format: uint
       * @description Not looked at, as the time was up.
       */
      left_out: number
      /** Format: uint */
      same: number
      /** Format: uint */
      unclear: number
    }
    /** @description Why it cannot be told what would have become of an execution. */
    BacktestUnclear: {
      code: string
      detail: string
    }
    /** @description What would have become of an execution. */
    BacktestVerdict: ('same' | 'changed') | 'unclear'
    /** @description What the provider of payments says of a workspace. */
    Billing: {
      /** @description The workspace as the provider knows it; null as long as nobody has paid for it. */
      customer_id: string | null
      /** @description Newest first, at most 50: what was paid, and what was not. */
      invoices: components['schemas']['BillingInvoice'][]
      plan: string | null
      /**
       * Format: date-time
       * @description When the plan ends, as it is not paid any more.
       */
      plan_ends_at: string | null
      /** @description The one that changed last first, at most 20. */
      subscriptions: components['schemas']['BillingSubscription'][]
    }
    /** @description The same for the platform. */
    BillingDetails: {
      /** @description The workspace as the provider knows it; null as long as nobody has paid for it. */
      customer_id: string | null
      /** @description Newest first, at most 50. */
      events: components['schemas']['BillingEvent'][]
      /** @description The plan that billing gave last; one that was set by hand stays until that changes. */
      given_plan: string | null
      /** @description Newest first, at most 50: what was paid, and what was not. */
      invoices: components['schemas']['BillingInvoice'][]
      /** Format: date-time */
      linked_at: string | null
      /** @description The event that linked the customer, or who did. */
      linked_by: string | null
      plan: string | null
      /**
       * Format: date-time
       * @description When the plan ends, as it is not paid any more.
       */
      plan_ends_at: string | null
      /** @description The one that changed last first, at most 20. */
      subscriptions: components['schemas']['BillingSubscription'][]
    }
    /** @description An event of the provider, as it was taken in. */
    BillingEvent: {
      /** Format: int64 */
      amount: number | null
      /** Format: int32 */
      attempts: number | null
      currency: string | null
      customer_id: string | null
      event_id: string
      /** Format: date-time */
      happened_at: string
      /** Format: uuid */
      id: string
      /** Format: date-time */
      next_attempt_at: string | null
      /** @description Of the subscription or invoice. */
      object_id: string | null
      outcome: components['schemas']['BillingOutcome']
      /** Format: date-time */
      received_at: string
      type: string
      /** Format: uuid */
      workspace_id: string | null
    }
    /** @description One page. */
    BillingEventPage: {
      items: components['schemas']['BillingEvent'][]
      /** @description Absent on the last page. */
      next_cursor: string | null
    }
    BillingInvoice: {
      /**
       * Format: int64
       * @description In the smallest unit of the currency.
       */
      amount: number | null
      /** Format: date-time */
      at: string
      /** Format: int32 */
      attempts: number | null
      currency: string | null
      invoice_id: string | null
      /** @description Else a payment has failed. */
      is_paid: boolean
      /** Format: date-time */
      next_attempt_at: string | null
    }
    /** @description What became of an event. */
    BillingOutcome:
      | 'applied'
      | 'overtaken'
      | 'not_used'
      | 'unreadable'
      | 'no_workspace'
      | 'unknown_customer'
      | 'other_customer'
      | 'unknown_price'
    /** @description A price or product that stands for a plan. */
    BillingPrice: {
      plan: string
      price: string
      /** Format: date-time */
      set_at: string
      set_by: string
    }
    /** @description A list that is whole. */
    BillingPriceList: {
      items: components['schemas']['BillingPrice'][]
    }
    /** @enum {string} */
    BillingStatus:
      'incomplete' | 'incomplete_expired' | 'trialing' | 'active' | 'past_due' | 'canceled' | 'unpaid' | 'paused'
    BillingSubscription: {
      /**
       * Format: date-time
       * @description When that was so.
       */
      as_of: string
      /**
       * Format: date-time
       * @description When it ends, or has ended, if that is known.
       */
      ends_at: string | null
      /**
       * Format: date-time
       * @description Until when it is paid, or would be.
       */
      period_ends_at: string | null
      status: components['schemas']['BillingStatus']
      subscription_id: string
    }
    /** @description Which executions a job is about: those that fit all that is given. */
    BulkFilter: {
      /** @description Among these. */
      ids?: string[] | null
      /** Format: date-time */
      started_after?: string | null
      /** Format: date-time */
      started_before?: string | null
      /** @description In one of these statuses. */
      status?: components['schemas']['ExecutionStatus'][] | null
      /** Format: uuid */
      version_id?: string | null
      /** Format: uuid */
      workflow_id?: string | null
    }
    /** @description A job as clients see it. */
    BulkJob: {
      arguments: unknown
      counts: components['schemas']['BulkJobCounts']
      /** Format: date-time */
      created_at: string
      /** Format: date-time */
      ended_at: string | null
      filter: components['schemas']['BulkFilter']
      /** Format: uuid */
      id: string
      status: string
      verb: components['schemas']['BulkVerb']
    }
    BulkJobCounts: {
      /** Format: int32 */
      done: number
      /** Format: int32 */
      failed: number
      /** Format: int32 */
      skipped: number
      /** Format: int32 */
      total: number
    }
    /** @description One execution of a job as clients see it. */
    BulkJobItem: {
      /** Format: uuid */
      execution_id: string
      /** Format: uuid */
      new_execution_id?: string | null
      reason: string | null
      status: string
    }
    /** @description One page. */
    BulkJobItemPage: {
      items: components['schemas']['BulkJobItem'][]
      /** @description Absent on the last page. */
      next_cursor: string | null
    }
    /** @description One page. */
    BulkJobPage: {
      items: components['schemas']['BulkJob'][]
      /** @description Absent on the last page. */
      next_cursor: string | null
    }
    /** @description A verb with what it needs. */
    BulkJobPreview: {
      arguments: {
        [key: string]: unknown
      }
      /**
       * Format: int64
       * @description How many executions fit the filter.
       */
      count: number
      filter: components['schemas']['BulkFilter']
      /** @description The oldest of them. */
      sample: components['schemas']['BulkJobSample'][]
      verb: components['schemas']['BulkVerb']
    }
    BulkJobSample: {
      /** Format: uuid */
      execution_id: string
      plan?: components['schemas']['Plan'] | null
      /** @description Why the verb would not be done. */
      reason?: string | null
    }
    /**
     * @description What is done with each execution of a job.
     * @enum {string}
     */
    BulkVerb: 'cancel' | 'restart' | 'signal' | 'retry_now' | 'pause' | 'resume' | 'resolve' | 'migrate'
    CallerKind: ('user' | 'key') | 'machine'
    /**
     * @description What a session is of. Keys are of a workspace.
     * @enum {string}
     */
    CallerLevel: 'platform' | 'workspace'
    Cancel: {
      /**
       * @description Ends it at once: what undoes and what runs at last is left out.
       * @default false
       */
      force: boolean
      reason?: string | null
    }
    /** @description A cancel that was taken in; of an execution that had not begun, that it is cancelled. */
    CancelTaken:
      | components['schemas']['SignalTaken']
      | {
          /** Format: uuid */
          id: string
          status: string
        }
    Candidate: {
      graph: unknown
    }
    /** @description What becomes of fire times at which nobody could start anything, such as in an outage. */
    CatchUp: 'none' | 'latest' | 'all'
    /**
     * @description In what a step differs.
     * @enum {string}
     */
    Change: 'newly_runs' | 'no_longer_runs' | 'ends_otherwise' | 'other_port' | 'other_output' | 'other_config'
    ChangeMe: {
      name: string
    }
    ChangeMember: {
      role: components['schemas']['RoleName']
    }
    ChangePassword: {
      current_password: string
      password: string
    }
    CompleteSignUp: {
      name: string
      password: string
      token: string
      workspace: components['schemas']['NewWorkspace']
    }
    /** @description A credential without its secrets. */
    Credential: {
      /** @description Hosts that may see it. */
      allowed_hosts: string[]
      /** Format: date-time */
      created_at: string
      created_by: string
      /** @description Fields that it has. */
      fields_set: string[]
      /** Format: uuid */
      id: string
      /** @description The key of this installation that it is sealed under. */
      key_id: string
      /** @description What its newest test came to, if it was not replaced since. */
      last_test: components['schemas']['CredentialTest'] | null
      name: string
      /**
       * Format: int32
       * @description Rises by one with each replacement.
       */
      revision: number
      /** @description Its access token, if it has one. */
      token: components['schemas']['CredentialToken'] | null
      type: string
      /** Format: date-time */
      updated_at: string
      updated_by: string
    }
    /** @description A credential with the newest versions that name it. */
    CredentialDetails: {
      /** @description Hosts that may see it. */
      allowed_hosts: string[]
      /** Format: date-time */
      created_at: string
      created_by: string
      /** @description Fields that it has. */
      fields_set: string[]
      /** Format: uuid */
      id: string
      /** @description The key of this installation that it is sealed under. */
      key_id: string
      /** @description What its newest test came to, if it was not replaced since. */
      last_test: components['schemas']['CredentialTest'] | null
      name: string
      /**
       * Format: int32
       * @description Rises by one with each replacement.
       */
      revision: number
      /** @description Its access token, if it has one. */
      token: components['schemas']['CredentialToken'] | null
      type: string
      /** Format: date-time */
      updated_at: string
      updated_by: string
      used_by: components['schemas']['CredentialUse'][]
    }
    /** @description One page. */
    CredentialPage: {
      items: components['schemas']['Credential'][]
      /** @description Absent on the last page. */
      next_cursor: string | null
    }
    /** @description What a provider said of a credential; without its secrets. */
    CredentialTest: {
      /** @description For people. */
      detail: string
      outcome: components['schemas']['TestOutcome']
      /** @description How an answer over HTTP begins that is no good one. */
      response: string | null
      /**
       * Format: int32
       * @description Of an answer over HTTP.
       */
      status_code: number | null
      /** Format: date-time */
      tested_at: string
      /**
       * Format: date-time
       * @description Until when the token holds that was fetched for it.
       */
      token_until: string | null
      /** Format: int64 */
      took_ms: number
    }
    CredentialToken: {
      /** Format: date-time */
      expires_at: string
      /** Format: date-time */
      refreshed_at: string | null
    }
    /** @description A kind of credentials. */
    CredentialType: {
      /**
       * @description Where a person goes to connect an account in place of writing fields, with `workspace`, `name` and perhaps `from` as query; null if that
       *     cannot be done here.
       */
      connect: string | null
      description: string
      /** @description JSON Schema of its fields. */
      fields: {
        [key: string]: unknown
      }
      /** @description Node types that can use it. */
      fits: string[]
      /** @description Fields that are never shown. */
      secret_fields: string[]
      title: string
      type: string
    }
    /** @description A list that is whole. */
    CredentialTypeList: {
      items: components['schemas']['CredentialType'][]
    }
    CredentialUse: {
      /** @description Of the workflow. */
      name: string
      /**
       * Format: int32
       * @description Of the version.
       */
      number: number
      /** Format: uuid */
      workflow_id: string
    }
    /** @description An execution that has used a credential. */
    CredentialUsed: {
      /**
       * Format: int64
       * @description Attempts of these steps.
       */
      attempts: number
      /** Format: uuid */
      execution_id: string
      /** Format: date-time */
      first_at: string
      /** Format: date-time */
      last_at: string
      /** @description The nodes that name it, of which a step has ended. */
      node_ids: string[]
      /** @description Whether it was a trial of a draft. */
      trial: boolean
      /**
       * Format: uuid
       * @description Null of a trial.
       */
      version_id: string | null
      /** Format: uuid */
      workflow_id: string
    }
    /** @description One page. */
    CredentialUsedPage: {
      items: components['schemas']['CredentialUsed'][]
      /** @description Absent on the last page. */
      next_cursor: string | null
    }
    /** @description How long executions took that completed or failed, in milliseconds. Percentiles are off by less than 5 %. */
    DailyDurations: {
      /** Format: int64 */
      max: number
      /** Format: int64 */
      mean: number
      /** Format: int64 */
      p50: number
      /** Format: int64 */
      p95: number
    }
    /** @description Executions that were asked for on that day, without trials, and what has become of them. */
    DailyExecutions: {
      /** Format: int64 */
      cancelled: number
      /** Format: int64 */
      completed: number
      /** Format: int64 */
      failed: number
      /**
       * Format: int64
       * @description Those that had not ended yet.
       */
      open: number
      /** Format: int64 */
      started: number
    }
    /** @description One day. */
    DailyStats: {
      /**
       * Format: date-time
       * @description What was written later is not counted yet.
       */
      counted_at: string
      /** Format: date */
      day: string
      /** @description Null if none completed or failed. */
      duration_ms: components['schemas']['DailyDurations'] | null
      /** Format: int64 */
      emails_sent: number
      executions: components['schemas']['DailyExecutions']
      /** Format: int64 */
      leads_created: number
      /**
       * Format: double
       * @description Completed ones among those that completed or failed, from 0 to 1; null if none did.
       */
      success_rate: number | null
    }
    /** @description The days that were asked for, of UTC. One without anything to tell, or that was not counted yet, is left out. */
    DailyStatsList: {
      /** Format: date */
      from: string
      /** @description The oldest first. */
      items: components['schemas']['DailyStats'][]
      /** Format: date */
      to: string
    }
    /** @description A server beside the home server. Its passwords are never shown. */
    DatabaseServer: {
      /**
       * Format: int64
       * @description How many cells are on it.
       */
      cells: number
      /**
       * Format: date-time
       * @description When that was found; null as long as nobody has looked since it was changed.
       */
      checked_at: string | null
      /** Format: date-time */
      created_at: string
      created_by: string
      /** @description Who makes databases there. */
      creator_login: string
      diagnosis: components['schemas']['DatabaseServerDiagnosis'] | null
      /** @description Name, address, or folder of a Unix socket. */
      host: string
      /** Format: uuid */
      id: string
      /** @description Who works there. */
      login: string
      name: string
      /** Format: int32 */
      port: number
      /**
       * Format: int64
       * @description Rises with each change.
       */
      revision: number
      status: components['schemas']['DatabaseServerStatus']
      tls: string
      /** Format: date-time */
      updated_at: string
    }
    /** @description What a check has found; the facts are there if the server let us in. */
    DatabaseServerDiagnosis: {
      /**
       * Format: int64
       * @description Connections that it takes.
       */
      connections_max: number | null
      /**
       * Format: int64
       * @description Databases that there are.
       */
      databases: number | null
      /**
       * Format: uint64
       * @description Of one question and its answer.
       */
      latency_ms: number | null
      /** @description What stands in the way; none if it is valid. */
      problems: components['schemas']['DatabaseServerProblem'][]
      server_version: string | null
    }
    /** @description A list that is whole. */
    DatabaseServerList: {
      items: components['schemas']['DatabaseServer'][]
    }
    DatabaseServerProblem: {
      code: string
      detail: string
      hint: string
    }
    DatabaseServerStatus: ('unchecked' | 'invalid') | 'valid'
    /**
     * @description A server as somebody wants it. Passwords are kept sealed; on a change they may be left out, as long as they go to the same login at
     *     the same address.
     */
    DatabaseServerWish: {
      /** @description Who makes databases there. */
      creator_login: string
      creator_password?: string | null
      /** @description Name, address, or folder of a Unix socket. */
      host: string
      /** @description Who works there: a member of `capstan_api`, `capstan_starter` and `capstan_worker` that may nothing else. */
      login: string
      name: string
      password?: string | null
      /** Format: int32 */
      port?: number | null
      /** @description `disable`, `prefer`, `require`, `verify-ca` or `verify-full`, which it is if it is left out. */
      tls?: string | null
    }
    /** @enum {string} */
    Decided: 'approved' | 'rejected'
    /** @enum {string} */
    Decision: 'approve' | 'reject'
    /** @description A lead that was deleted. */
    DeletedLead: {
      company: string | null
      /** Format: date-time */
      created_at: string
      /** Format: date-time */
      deleted_at: string
      email: string | null
      /** Format: uuid */
      id: string
      name: string | null
      phone: string | null
      source: string
      /** @description Where it stood. */
      status: string
    }
    /** @description One page. */
    DeletedLeadPage: {
      items: components['schemas']['DeletedLead'][]
      /** @description Absent on the last page. */
      next_cursor: string | null
    }
    /** @description A record that was deleted. */
    DeletedRecord: {
      /** Format: date-time */
      created_at: string
      /** Format: date-time */
      deleted_at: string
      /** Format: uuid */
      id: string
      /** @description Where it was. */
      state: string
      /** @description Name of its type. */
      type: string
    }
    /** @description One page. */
    DeletedRecordPage: {
      items: components['schemas']['DeletedRecord'][]
      /** @description Absent on the last page. */
      next_cursor: string | null
    }
    /** @description A workflow that was deleted. */
    DeletedWorkflow: {
      /** Format: date-time */
      deleted_at: string
      /** Format: uuid */
      id: string
      name: string
      /**
       * Format: int32
       * @description The number of the newest version, if one was published.
       */
      published: number | null
    }
    /** @description One page. */
    DeletedWorkflowPage: {
      items: components['schemas']['DeletedWorkflow'][]
      /** @description Absent on the last page. */
      next_cursor: string | null
    }
    /** @enum {string} */
    DeliveryStatus: 'pending' | 'delivered' | 'failed' | 'cancelled'
    /** @description A step that is not as it was. */
    Difference: {
      /** @description The first place where its output, or its config, is not the same. */
      at?: unknown
      before: components['schemas']['Standing'] | null
      change: components['schemas']['Change']
      now: components['schemas']['Standing'] | null
      step: string
    }
    DisableEndpoint: {
      reason?: string | null
    }
    /** @description What one worker of the fleet does at a time. */
    Duty: {
      /** @description A schema, or the database of a dedicated cell. */
      cell: string
      /** @description The worker that took it last. */
      holder: string
      /** @description Whether it then did what it should. */
      is_done: boolean | null
      /** @description Whether the holder is at it now. */
      is_held: boolean
      /** @description Whether that is so much that somebody should look. */
      is_late: boolean
      /** Format: date-time */
      last_begun_at: string
      /** Format: date-time */
      last_ended_at: string | null
      /**
       * Format: double
       * @description Seconds by which it is late and nobody is at it.
       */
      late_s: number
      /**
       * Format: date-time
       * @description Until when it is that worker's; null while nobody is at it.
       */
      leased_until: string | null
      name: string
      /** Format: date-time */
      next_due_at: string
      /** @description What came of it then. */
      outcome: string | null
      /** @description The slug of that. */
      workspace: string | null
      /**
       * Format: uuid
       * @description The workspace whose cell it is; null if it holds many.
       */
      workspace_id: string | null
    }
    /** @description How far one edge is resolved. */
    Edge: {
      /** @description The author's id. */
      id: string
      /** @description `open`, `taken` or `skipped`. */
      state: string
    }
    /**
     * @description What a node type promises about repeating it.
     * @enum {string}
     */
    Effect: 'pure' | 'idempotent' | 'at_least_once' | 'transactional'
    EmptyBody: Record<string, never>
    /** @description How an execution ends that fails or is cancelled. */
    Ending: {
      /** @description The class of the failure. */
      class?: string
      /** @description It is cancelled at once, without clean-up. */
      forced: boolean
      outcome: components['schemas']['Fate']
      /** @description For people. */
      reason: string
      /**
       * Format: date-time
       * @description When that was settled; of a cancel that no worker has taken in, when it was accepted.
       */
      since: string
      /** @description How far its clean-up is; lists do not tell it. */
      stage?: components['schemas']['Progress']
      /** @description The step that failed; none if it was cancelled, or ran out of time. */
      step?: components['schemas']['StepKey']
    }
    EndpointStatus: ('enabled' | 'disabled') | 'failing'
    /** @description An event that was taken in. */
    Event: {
      /** Format: date-time */
      at: string
      id: string
      key: string
      replayed: boolean
      type: string
    }
    /** @description An event that endpoints may get. */
    EventType: {
      /** @description Whether the workspace itself sends it. */
      custom: boolean
      example: {
        [key: string]: unknown
      }
      /** @description JSON Schema of the whole body. */
      schema: {
        [key: string]: unknown
      }
      title: string
      type: string
    }
    /** @description A list that is whole. */
    EventTypeList: {
      items: components['schemas']['EventType'][]
    }
    /** @description An execution with its steps. */
    Execution: {
      /** @description Executions that its steps started, the newest of them. */
      children?: components['schemas']['ExecutionSummary'][]
      /**
       * Format: date-time
       * @description When it was started.
       */
      created_at: string
      /**
       * Format: date-time
       * @description When it runs out of time, if ever.
       */
      deadline_at: string | null
      /** @description The edges of the top level, in graph order. */
      edges: components['schemas']['Edge'][]
      /**
       * Format: date-time
       * @description When it ended.
       */
      ended_at: string | null
      /**
       * @description How it ends, if it fails or is cancelled: from when that is settled or accepted, though clean-up still runs. Lists
       *     tell it of those that are being cancelled.
       */
      ending?: components['schemas']['Ending'] | null
      /** @description Why it failed. */
      error: unknown
      /** @description Why it failed, or is an incident: only lists tell it. */
      failure?: components['schemas']['ListedFailure'] | null
      /**
       * Format: uuid
       * @description Its id.
       */
      id: string
      /** @description What it was started with. */
      input: unknown
      /** @description That it went on with other versions, oldest first. */
      migrations?: components['schemas']['Migration'][]
      /** @description Its result, once completed. */
      output: unknown
      /** @description The step that started it, if one did. */
      parent?: components['schemas']['Parent'] | null
      /**
       * Format: uint32
       * @description Journal entries so far.
       */
      position: number
      /** @description The request that began it, as its answer named it; absent where none did. */
      request_id?: string | null
      /** @description `queued, running, waiting, paused, incident, completed, failed, cancelled`. */
      status: components['schemas']['ExecutionStatus']
      /** @description Steps that are decided, frame by frame in graph order, at most `STEPS_SHOWN_MAX`. */
      steps: components['schemas']['Step'][]
      /**
       * Format: uint
       * @description How many more there are.
       */
      steps_left_out?: number
      /** @description The trace that it belongs to, as 32 hexadecimal digits. */
      trace_id: string
      /** @description It tries a draft out. */
      trial?: boolean
      /** @description The node it began at. */
      trigger: string
      /**
       * Format: uuid
       * @description Its version; it keeps it unless a person migrates it.
       */
      version_id: string
      /** @description What its start asked for and did not get. */
      warnings?: components['schemas']['Warning'][]
      /**
       * Format: uuid
       * @description Its workflow.
       */
      workflow_id: string
    }
    /** @description An execution, or one that is to be. */
    ExecutionOrPending: components['schemas']['Execution'] | components['schemas']['PendingExecution']
    /** @description The status of an execution. */
    ExecutionStatus:
      ('queued' | 'running' | 'waiting' | 'paused' | 'incident' | 'completed' | 'failed' | 'cancelled') | 'pending'
    /** @description An execution without what can be large. */
    ExecutionSummary: {
      /**
       * Format: date-time
       * @description When it was started.
       */
      created_at: string
      /**
       * Format: date-time
       * @description When it runs out of time, if ever.
       */
      deadline_at: string | null
      /**
       * Format: date-time
       * @description When it ended.
       */
      ended_at: string | null
      /**
       * @description How it ends, if it fails or is cancelled: from when that is settled or accepted, though clean-up still runs. Lists
       *     tell it of those that are being cancelled.
       */
      ending?: components['schemas']['Ending'] | null
      /** @description Why it failed, or is an incident: only lists tell it. */
      failure?: components['schemas']['ListedFailure'] | null
      /**
       * Format: uuid
       * @description Its id.
       */
      id: string
      /** @description The step that started it, if one did. */
      parent?: components['schemas']['Parent'] | null
      /** @description `queued, running, waiting, paused, incident, completed, failed, cancelled`. */
      status: components['schemas']['ExecutionStatus']
      /** @description It tries a draft out. */
      trial?: boolean
      /** @description The node it began at. */
      trigger: string
      /**
       * Format: uuid
       * @description Its version; it keeps it unless a person migrates it.
       */
      version_id: string
      /**
       * Format: uuid
       * @description Its workflow.
       */
      workflow_id: string
    }
    /** @description One page. */
    ExecutionSummaryPage: {
      items: components['schemas']['ExecutionSummary'][]
      /** @description Absent on the last page. */
      next_cursor: string | null
    }
    /** @description What an execution waits for. */
    Explanation: {
      /** @description Who holds its lease. */
      held_by?: components['schemas']['LeaseHolder'] | null
      /** Format: uuid */
      id: string
      /** @description Empty once it has ended, unless its history is not there. */
      reasons: components['schemas']['WaitReason'][]
      status: components['schemas']['ExecutionStatus']
    }
    /** @description Why it cannot be told. */
    ExpressionFlaw: {
      /**
       * Format: uint
       * @description Within the line, in characters, from 1.
       */
      column: number
      detail: string
      /**
       * Format: uint
       * @description Within the text, from 1.
       */
      line: number
    }
    /** @description Why an execution did not complete. */
    Failure: {
      class: string
      node_id: string | null
      reason: string
    }
    /**
     * @description What an execution that is ending comes to.
     * @enum {string}
     */
    Fate: 'failed' | 'cancelled'
    /** @description Something that an author should know, with a path along which it comes about. */
    Finding: {
      code: string
      detail: string
      edge_id?: string
      hint: string
      node_id?: string
      path: components['schemas']['Move'][]
      severity: components['schemas']['Severity']
    }
    /** @description A start that was asked for now. */
    Fired: {
      /** Format: date-time */
      at: string
      /**
       * Format: uuid
       * @description Of the schedule.
       */
      id: string
      /** @description What its start is found by among those of the trigger. */
      subject: string
    }
    FireTime: {
      /** Format: date-time */
      at: string
      /** @description As clocks of the zone show it. */
      local: string
    }
    ForgotPassword: {
      email: string
    }
    /** @description A form that answers. */
    Form: {
      /** @description The newest of those. */
      last: components['schemas']['LastStart'] | null
      node_id: string
      path: string
      /**
       * Format: int64
       * @description What it has started, of the newest 2,000 executions of the workspace.
       */
      started: number
      /** @description Whether it writes leads. */
      takes_leads: boolean
      /** @description What its page is headed; empty if it says none. */
      title: string
      /** @description Where its page is, on this server. */
      url: string
      /** @description Of a form that asks for a proven address: how that goes. */
      verification: components['schemas']['FormVerification'] | null
      /**
       * Format: int32
       * @description The number of the version that answers.
       */
      version: number
      /** Format: uuid */
      workflow_id: string
      workflow_name: string
    }
    /** @description Forms, and where to go on. */
    Forms: {
      items: components['schemas']['Form'][]
      /** @description What to ask for with `after`, if there are more. */
      next: string | null
    }
    /** @description How proving addresses goes, of the newest 1,000 submissions of a form that are kept. */
    FormVerification: {
      /** @description The field with the address. */
      field: string
      /** @description Why the newest of their mails that failed was not sent. */
      mail_error: string | null
      /**
       * Format: int64
       * @description Submissions whose button was not pressed yet.
       */
      waiting: number
    }
    /** @description An execution in whose log the words are. */
    FoundLog: {
      /**
       * Format: date-time
       * @description When it was started.
       */
      created_at: string
      /** Format: uuid */
      execution_id: string
      /** @description Whether the log may have more of them. */
      has_more: boolean
      /** @description The first lines that have the words, oldest first. */
      lines: components['schemas']['LogLine'][]
      /** @description `completed`, `failed` or `cancelled`. */
      status: string
      /** Format: uuid */
      workflow_id: string
    }
    /** @description One page. */
    FoundLogPage: {
      items: components['schemas']['FoundLog'][]
      /** @description Absent on the last page. */
      next_cursor: string | null
    }
    /** @description One finding of validation. A graph with problems is never published or run. */
    GraphProblem: {
      /** @description Stable machine name, as `cycle` or `unknown_node_type`. */
      code: string
      detail: string
      edge_id?: string
      hint: string
      node_id?: string
      /** @description JSON pointer into the graph. */
      pointer?: string
    }
    /** @description The process answers, and its database does. */
    Health: {
      /** @description How a read replica follows, if there is one. */
      replica?: components['schemas']['ReplicaStanding']
      status: components['schemas']['HealthStatus']
    }
    /** @description One thing that was judged. */
    HealthCheck: {
      check: string
      detail: string
      standing: components['schemas']['HealthStanding']
    }
    /** @description Figures of a stretch of time: means, and the worst of ages. */
    HealthPoint: {
      /** Format: double */
      active: number
      /** Format: date-time */
      at: string
      /**
       * Format: double
       * @description Tokens that left the queue in a second.
       */
      claims_per_s: number | null
      /** Format: double */
      connections: number
      /** Format: double */
      connections_max: number
      /** Format: double */
      database_bytes: number | null
      /** Format: double */
      dead_rows: number
      /** Format: double */
      live_rows: number
      /** Format: double */
      months_ahead: number
      /** Format: double */
      oldest_transaction_s: number | null
      /** Format: double */
      outbox_age_s: number | null
      /** Format: double */
      queue_age_s: number | null
      /** Format: double */
      queued: number
      /** Format: double */
      timer_late_s: number | null
      /** Format: double */
      workers: number
    }
    /** @enum {string} */
    HealthStanding: 'good' | 'warn' | 'bad'
    /** @enum {string} */
    HealthStatus: 'ok'
    /** @description Why a start does not run at once. */
    Held: {
      /** @description `throttle`, `debounce`, `batch` or `singleton`. */
      rule: string
      /**
       * Format: int32
       * @description How many starts it is made of so far.
       */
      starts?: number | null
      /**
       * Format: date-time
       * @description When it begins at the latest, as far as is known now.
       */
      until?: string | null
    }
    /** @description Which rule holds it back. */
    HeldBack: {
      key: string
      rule: string
      /** Format: int32 */
      starts: number
      /** Format: date-time */
      until: string | null
    }
    /** @description A month on its way out, or gone. */
    HistoryMonth: {
      /** Format: date-time */
      archived_at: string | null
      /**
       * Format: date-time
       * @description Since when all of it has ended.
       */
      closed_at: string
      /** Format: date-time */
      dropped_at: string | null
      /**
       * Format: date
       * @description Its first day.
       */
      month: string
    }
    /** @description What came. */
    HookSample: {
      /** Format: date-time */
      at: string
      /** @description `{body, headers, query}`, or what the trigger makes of that. */
      input: unknown
      method: string
      /** @description Whether it was too large to be kept whole. */
      truncated: boolean
      /** @description Null where the trigger verifies nothing. */
      verified: boolean | null
    }
    /** @description A secret that hooks verify with, without the secret itself. */
    HookSecret: {
      /** Format: date-time */
      created_at: string
      created_by: string
      /** Format: uuid */
      id: string
      name: string
      /**
       * Format: date-time
       * @description Until when it is good beside a newer one of its name; null: as long as it is there.
       */
      until: string | null
    }
    /** @description One page. */
    HookSecretPage: {
      items: components['schemas']['HookSecret'][]
      /** @description Absent on the last page. */
      next_cursor: string | null
    }
    /** @description Who one is at a provider. */
    Identity: {
      /** Format: date-time */
      created_at: string
      /** @description As the provider told it when the two were linked. */
      email: string
      /** Format: uuid */
      id: string
      issuer: string
      /** @description What people call the provider; absent if there is no such one any more. */
      provider: string | null
    }
    /** @description A list that is whole. */
    IdentityList: {
      items: components['schemas']['Identity'][]
    }
    /** @description An invitation that is open. */
    Invitation: {
      /** Format: date-time */
      created_at: string
      email: string
      /** Format: date-time */
      expires_at: string
      /** Format: uuid */
      id: string
      /** @description A person's address, or the name of a key. */
      invited_by: string
      role: components['schemas']['RoleName']
    }
    /** @description A list that is whole. */
    InvitationList: {
      items: components['schemas']['Invitation'][]
    }
    InvitedTo: {
      name: string
      slug: string
    }
    /** @description A step before a join, and how it stands. */
    JoinSource: {
      status: components['schemas']['StepStatus']
      step: components['schemas']['StepKey']
    }
    Key: {
      /** Format: date-time */
      expires_at: string | null
      /** Format: uuid */
      id: string
      name: string
      /** @description Null: all that a key can have. */
      scopes: string[] | null
    }
    /** @description What a form has started last. */
    LastStart: {
      /** Format: date-time */
      at: string
      /** Format: uuid */
      execution_id: string
    }
    /** @description A lead. */
    Lead: {
      company: string | null
      /** Format: date-time */
      consented_at: string | null
      /** Format: date-time */
      created_at: string
      email: string | null
      /** @description Custom values by name. */
      fields: {
        [key: string]: unknown
      }
      /** Format: uuid */
      id: string
      /** Format: date-time */
      last_activity_at: string
      /** Format: date-time */
      last_email_at: string | null
      name: string | null
      phone: string | null
      source: string
      /** @description A state of the pipeline. */
      status: string
      /** Format: date-time */
      updated_at: string
    }
    /** @description Who did something to a lead. */
    LeadActor: {
      /** @description `user`, `key`, `step`, `form` or `hook`. */
      kind: string
      name: string
    }
    /** @description The board. */
    LeadBoard: {
      columns: components['schemas']['LeadColumn'][]
    }
    /** @description What changes: what is absent stays, null goes. */
    LeadChange: {
      /** @default null */
      company: string | null
      /** @default null */
      email: string | null
      /**
       * @description Merged by name; null removes one.
       * @default {}
       */
      fields: {
        [key: string]: unknown
      }
      /** @default null */
      name: string | null
      /** @default null */
      phone: string | null
      source?: string | null
    }
    /** @description One column of it. */
    LeadColumn: {
      /** @description Where a lead of it may go, conditions aside. */
      allowed: string[]
      /**
       * Format: int64
       * @description How many leads are in it, at most 1,000.
       */
      count: number
      /** @description Whether there may be more than that. */
      count_is_capped: boolean
      kind: components['schemas']['PipelineStateKind']
      label: string
      /** @description Those where something was done last. */
      leads: components['schemas']['Lead'][]
      status: string
    }
    /** @description Something that was done to a lead. */
    LeadEvent: {
      /** Format: date-time */
      at: string
      by: components['schemas']['LeadActor']
      data: {
        [key: string]: unknown
      }
      /** Format: uuid */
      execution_id: string | null
      /** Format: uuid */
      id: string
      /** Format: uuid */
      lead_id: string
      /**
       * @description `created`, `updated`, `status_changed`, `form_submitted`, `webhook_received`, `note`, `email`, `call`, `meeting`,
       *     `deleted` or `restored`.
       */
      type: string
    }
    /** @description One page. */
    LeadEventPage: {
      items: components['schemas']['LeadEvent'][]
      /** @description Absent on the last page. */
      next_cursor: string | null
    }
    /** @description A field. */
    LeadField: {
      /** @description For people. */
      label: string
      /** @description Key in `fields` of a lead. */
      name: string
      /** @description What it holds. */
      type: components['schemas']['LeadFieldType']
    }
    /** @description All custom fields. */
    LeadFieldList: {
      items: components['schemas']['LeadField'][]
    }
    /** @description What a field holds. */
    LeadFieldType: 'text' | 'number' | 'boolean' | 'date'
    /** @description A definition. */
    LeadFieldWish: {
      label: string
      type: components['schemas']['LeadFieldType']
    }
    /** @description Where a lead goes. */
    LeadMove: {
      /** @description Only if it still has that status. */
      from?: string | null
      /** @description Why, for the history. */
      reason?: string | null
      /** @description A state of the pipeline. */
      status: string
    }
    /** @description Something that was done about a lead. */
    LeadNote: {
      text: string
      type: components['schemas']['LeadNoteType']
    }
    /** @enum {string} */
    LeadNoteType: 'note' | 'email' | 'call' | 'meeting'
    /** @description One page. */
    LeadPage: {
      items: components['schemas']['Lead'][]
      /** @description Absent on the last page. */
      next_cursor: string | null
    }
    /** @description The pipeline, and how often it was changed: 0 as it is shipped. */
    LeadPipeline: {
      /** @description Where everything begins. */
      initial: string
      /** Format: int32 */
      revision: number
      /** @description In the order of a board. */
      states: components['schemas']['PipelineState'][]
      /** @description Each allowed way. What is not listed is refused; a state without one ends. */
      transitions: components['schemas']['PipelineTransition'][]
    }
    /** @description All sources. */
    LeadSourceList: {
      items: string[]
    }
    /** @description Who holds the lease of an execution. */
    LeaseHolder: {
      /** Format: date-time */
      claimed_at: string
      /** Format: int32 */
      worker_no: number
    }
    /** @description A question that took more work than it may. */
    LeftOut: {
      node_id: string
      question: string
    }
    /** @description A limit as clients see it. */
    Limit: {
      /**
       * Format: int64
       * @description Slots that are held; of a key, those of all its values.
       */
      held: number
      /** @description `workspace`, `workflow` or `key`. */
      of: string
      /** Format: int32 */
      slots_max: number
      /** Format: date-time */
      updated_at: string
      /** Format: uuid */
      workflow_id?: string | null
    }
    /** @description A list that is whole. */
    LimitList: {
      items: components['schemas']['Limit'][]
    }
    LinkCustomer: {
      /** @description Its id at the provider. */
      customer_id: string
    }
    /** @enum {string} */
    LinkPurpose: 'sign_up' | 'reset' | 'invitation'
    /** @description Why an execution failed, or is an incident, in short. */
    ListedFailure: {
      /** @description The class of the error; `incident` where it waits for a person. */
      class: string
      /** @description The node that failed; none of an incident, and of one that ran out of time. */
      node_id?: string | null
      /** @description Why, for people; cut where it is long. */
      reason: string
    }
    /** @description An address at which a call is waited for, to become a sample. */
    Listen: {
      /** Format: uuid */
      id: string
      methods: string[]
      node_id: string
      /** @description Null as long as nothing came. */
      sample: components['schemas']['HookSample'] | null
      status: components['schemas']['ListenStatus']
      /** Format: date-time */
      until: string
      /** @description The path on this server. */
      url: string
    }
    ListenForCall: {
      /** @description How long, such as `2min`. */
      for?: string | null
      node_id: string
    }
    /** @enum {string} */
    ListenStatus: 'listening' | 'captured' | 'over'
    LogIn: {
      email: string
      password: string
      workspace?: string | null
    }
    /** @description One log line. */
    LogLine: {
      /** Format: int32 */
      attempt: number
      /** Format: date-time */
      created_at: string
      /** @description `debug`, `info`, `warn` or `error`. */
      level: string
      /** Format: uuid */
      log_id: string
      message: string
      node_id: string
      scope: string
    }
    /** @description Log lines, and where to go on. */
    Logs: {
      items: components['schemas']['LogLine'][]
      /**
       * Format: uuid
       * @description Null at the end.
       */
      next: string | null
    }
    LookAtLink: {
      token: string
    }
    /** @description An API key that has just been made. */
    MadeApiKey: {
      /** Format: date-time */
      created_at: string
      /**
       * Format: uuid
       * @description The key or user that made it.
       */
      created_by: string | null
      /** Format: date-time */
      expires_at: string | null
      /** Format: uuid */
      id: string
      /** @description The key itself, which is told this once. */
      key: string
      /** Format: date-time */
      last_used_at: string | null
      name: string
      /** @description Its first characters. */
      prefix: string
      /** Format: date-time */
      revoked_at: string | null
      /** @description Null: all that a key can have. */
      scopes: string[] | null
    }
    MadeWorkspace: {
      /** Format: uuid */
      id: string
      name: string
      slug: string
      state: components['schemas']['TenantState']
    }
    /** @description What a link in a mail is for. Workspace, role and `has_account` are there for invitations only. */
    MailLink: {
      email: string
      /** Format: date-time */
      expires_at: string
      /** @description Whether the address has an account already: then one logs in first. */
      has_account?: boolean
      kind: components['schemas']['LinkPurpose']
      role?: components['schemas']['RoleName']
      workspace?: components['schemas']['InvitedTo']
    }
    /** @description Who the request comes from, and what it may do. */
    Me: {
      /** @description Null for users. */
      key: components['schemas']['Key'] | null
      kind: components['schemas']['CallerKind']
      level: components['schemas']['CallerLevel']
      /** @description Parts of the product that the workspace has: see `docs/tenants.md`. */
      pages: string[]
      /** @description See `docs/permissions.md`. */
      permissions: string[]
      /** @description `super_admin`, or null. */
      platform_role: string | null
      /** @description Of a user. */
      role: string | null
      /** @description Null for keys. */
      user: components['schemas']['User'] | null
      /** @description Null where a user has chosen none. */
      workspace: components['schemas']['Workspace'] | null
      workspaces: components['schemas']['Workspace'][]
    }
    /** @description Somebody of the workspace. */
    Member: {
      email: string
      /** Format: date-time */
      joined_at: string
      name: string
      role: components['schemas']['RoleName']
      /** Format: uuid */
      user_id: string
    }
    /** @description A list that is whole. */
    MemberList: {
      items: components['schemas']['Member'][]
    }
    Migrate: {
      /**
       * @description Only tells whether it fits.
       * @default false
       */
      dry_run: boolean
      /** @description Why, for people. */
      reason?: string | null
      /**
       * @description An id, or `latest`, as if it is absent.
       * @default null
       */
      version_id: string | null
    }
    /** @description That an execution went on with another version. */
    Migration: {
      /** Format: date-time */
      at: string
      /** @description The name of the key. */
      by: string
      /** Format: uuid */
      from_version_id: string
      /** Format: int32 */
      position: number
      reason: string | null
      /** Format: uuid */
      to_version_id: string
    }
    MigrationPlan: {
      /** @description Whether the execution can go on with the version. */
      fits: boolean
      /** Format: uuid */
      from_version_id: string
      /** @description Whether it does from now on. */
      migrated: boolean
      /** @description Why it cannot. */
      reasons: components['schemas']['Misfit'][]
      /** Format: uuid */
      version_id: string
    }
    /** @description Why an execution cannot go on with another version. */
    Misfit: {
      node_id: string | null
      scope: string
      text: string
    }
    /** @description What one step comes to on such a path. */
    Move: {
      step: components['schemas']['StepKey']
    } & (
      | {
          closed_edges?: string[]
          /** @description Further ports that it emits on at the same time. */
          more_ports?: string[]
          port: string
          /** @constant */
          status: 'completed'
        }
      | {
          class: string
          /** @constant */
          status: 'failed'
        }
      | {
          /** Format: uint */
          items: number
          /** @constant */
          status: 'opened'
        }
    )
    MoveTenant: {
      /** @description Why, for its people. */
      reason?: string | null
    }
    /** @description A rule. `window_s`, `percent` and `ended_min` are of `failure_rate`, `metric` and `above` of `metric`, `after_s` of the others. */
    NewAlertRule: {
      /**
       * Format: int64
       * @description More than that is too much.
       */
      above?: number | null
      /**
       * Format: int32
       * @description How long is too long, 60 to 31,536,000 seconds.
       */
      after_s?: number | null
      /** @description Whether it is looked at: true if absent. */
      enabled?: boolean | null
      /**
       * Format: int32
       * @description So many have to have ended in the window: 1 to 1,000.
       */
      ended_min?: number | null
      kind: components['schemas']['AlertKind']
      /** @description Whether owner and administrators are mailed: true if absent. */
      mail?: boolean | null
      /** @description A figure of the present day (UTC). */
      metric?: components['schemas']['AlertMetric'] | null
      /**
       * Format: int32
       * @description So many of a hundred that ended have failed.
       */
      percent?: number | null
      /**
       * Format: int32
       * @description How far back to look, 300 to 86,400 seconds.
       */
      window_s?: number | null
      /**
       * Format: uuid
       * @description All workflows together if absent; `silence` needs one, `queue_age` and `metric` take none.
       */
      workflow_id?: string | null
    }
    NewAnswer: {
      comment?: string | null
      decision: components['schemas']['Decision']
      /** @default {} */
      fields: {
        [key: string]: unknown
      }
      /** @default  */
      scope: string
    }
    NewApiKey: {
      /** Format: date-time */
      expires_at?: string | null
      name: string
      scopes?: string[] | null
    }
    NewBulkJob: {
      /** @default {} */
      arguments: {
        [key: string]: unknown
      }
      /**
       * @description Only tells which executions it would be about.
       * @default false
       */
      dry_run: boolean
      filter: components['schemas']['BulkFilter']
      verb: components['schemas']['BulkVerb']
    }
    NewClientCertificate: {
      /** @description PEM: the client's own certificate, and below it those that it is signed with. */
      certificate: string
      /** @description PEM, without a password. It is stored encrypted, and never shown. */
      private_key: string
    }
    NewCredential: {
      allowed_hosts: string[]
      fields: {
        [key: string]: unknown
      }
      name: string
      type: string
    }
    NewDraft: {
      graph: unknown
    }
    /** @description An event as clients send it. */
    NewEvent: {
      /** @default {} */
      data: unknown
      id?: string | null
      /** @default  */
      key: string
      type: string
    }
    NewEvents: {
      events: components['schemas']['NewEvent'][]
    }
    NewExecution: {
      input?: unknown
      /** Format: uint64 */
      timeout_ms?: number | null
      trigger?: string | null
      /** Format: uuid */
      version_id?: string | null
      /** Format: uuid */
      workflow_id: string
    }
    NewHookSecret: {
      name: string
      /** @description How long others of the name stay good, such as `1d`. */
      overlap?: string | null
      secret: string
    }
    NewInvitation: {
      email: string
      role: components['schemas']['RoleName']
    }
    /** @description A lead that is made. */
    NewLead: {
      company?: string | null
      email?: string | null
      /**
       * @description Custom values by name: texts, numbers, true or false. A field that is not known yet is defined.
       * @default {}
       */
      fields: {
        [key: string]: unknown
      }
      name?: string | null
      phone?: string | null
      /** @description `manual` if absent. */
      source?: string | null
      /** @description The beginning of the pipeline if absent. */
      status?: string | null
    }
    NewLimit: {
      /** Format: uint32 */
      slots_max: number
    }
    /** @description What a client asks for. */
    NewPersonJob: {
      /** @description Of the person. */
      email: string
      kind: components['schemas']['PersonJobKind']
    }
    /** @description A record that is made. */
    NewRecord: {
      /**
       * @description Whatever there is to know.
       * @default {}
       */
      data: {
        [key: string]: unknown
      }
      /** @description Name of its type; the record begins in that one's initial state. */
      type: string
    }
    /** @description A rule. */
    NewRule: {
      /** @description What is done, one after the other: 1 to 20. */
      actions: components['schemas']['RuleAction'][]
      /** @description What has to hold of an event; always, if absent. At most 20 comparisons, in groups at most 3 deep. */
      conditions?: components['schemas']['RuleCondition'] | null
      /** @description Whether it is at work: true if absent. */
      enabled?: boolean | null
      /** @description Type of the events that it is about: one of your own, or of leads or alerts, such as `lead.created`. */
      event: string
      /**
       * @description Whether an event for which the conditions do not hold is an execution that says so. False if absent: it starts nothing.
       * @default false
       */
      log_misses: boolean
      /** @description What people call it, and its workflow: 1 to 200 characters. */
      name: string
    }
    /** @description What people say of the version that they publish. */
    NewVersion: {
      /** @description What to call it, at most 100 characters. */
      name?: string | null
      /** @description What is new in it, at most 2,000 characters. */
      note?: string | null
    }
    NewWorkflow: {
      /**
       * @description Whether to store the graph even if it is not valid.
       * @default false
       */
      draft: boolean
      graph: unknown
      name: string
    }
    NewWorkspace: {
      name: string
      slug: string
    }
    /** @enum {string} */
    NodeRole: 'trigger' | 'container' | 'step'
    /** @description One node type of the palette. */
    NodeType: {
      description: string
      effect: components['schemas']['Effect']
      name: string
      /** @description Those of an empty config. */
      ports: string[]
      role: components['schemas']['NodeRole']
      /** @description JSON Schema of its config. */
      schema: {
        [key: string]: unknown
      }
      title: string
    }
    /** @description A list that is whole. */
    NodeTypeList: {
      items: components['schemas']['NodeType'][]
    }
    /** @description Nothing that one would have to know: an object without fields. */
    Nothing: Record<string, never>
    /** @description Something that a person was told. */
    Notification: {
      /** Format: date-time */
      created_at: string
      /** Format: uuid */
      id: string
      kind: string
      /** @description Where to look, below the editor; empty for nowhere. */
      page: string
      /** Format: date-time */
      read_at: string | null
      /** @description A sentence. */
      summary: string
      /** @description Part of addresses of the workspace that it is about; null for matters of the platform. */
      workspace: string | null
    }
    /** @description Whether a person is mailed of a kind of news. */
    NotificationPreference: {
      about: string
      kind: string
      mail: boolean
    }
    /** @description A list that is whole. */
    NotificationPreferenceList: {
      items: components['schemas']['NotificationPreference'][]
    }
    /** @description A page of what a person was told. */
    Notifications: {
      items: components['schemas']['Notification'][]
      /** @description Null on the last page. */
      next_cursor: string | null
      /**
       * Format: uint32
       * @description How many of all are not read.
       */
      unread: number
    }
    NotificationWish: {
      /** @description Whether to be mailed. */
      mail: boolean
    }
    /** @description Work that goes on after the answer: ask again until it has ended. */
    Operation: {
      /** Format: date-time */
      created_at: string
      /** Format: date-time */
      ended_at: string | null
      /** @description Why it has failed. */
      error: components['schemas']['OperationError'] | null
      /** Format: uuid */
      id: string
      kind: string
      status: components['schemas']['OperationStatus']
      steps: components['schemas']['OperationStep'][]
      /** @description Null as long as it is not written down. */
      workspace: components['schemas']['MadeWorkspace'] | null
    }
    OperationError: {
      code: string
      detail: string | null
    }
    /** @enum {string} */
    OperationStatus: 'pending' | 'running' | 'completed' | 'failed'
    OperationStep: {
      /** Format: date-time */
      at: string | null
      name: string
      status: components['schemas']['OperationStepStatus']
    }
    /** @enum {string} */
    OperationStepStatus: 'pending' | 'completed'
    Order: {
      /** @description Why, for people. */
      reason?: string | null
    }
    /** @description What an execution came to while the request waited. */
    Outcome: {
      /** @description If it failed. */
      error?: unknown
      /** Format: uuid */
      id: string
      /** @description If it completed. */
      output?: unknown
      /** @description If one of its steps replied. */
      response?: components['schemas']['Reply']
      status: components['schemas']['ExecutionStatus']
      /** Format: uuid */
      version_id: string
      /** @description What it asks for and does not get. */
      warnings?: components['schemas']['Warning'][]
      /** Format: uuid */
      workflow_id: string
    }
    /** @description What becomes of a fire time when the execution of the one before has not ended. */
    Overlap: 'allow' | 'skip' | 'queue' | 'cancel'
    /** @description The step that started an execution. */
    Parent: {
      /**
       * Format: int16
       * @description How many executions lie above.
       */
      depth: number
      /** Format: uuid */
      execution_id: string
      node_id: string
      /**
       * Format: uuid
       * @description The execution that all of this began with.
       */
      root_id: string
      scope: string
    }
    PasswordRule: {
      /** Format: uint32 */
      chars_max: number
      /** Format: uint32 */
      chars_min: number
    }
    /** @description A pause as clients see it. */
    Pause: {
      level: components['schemas']['PauseLevel']
      paused_by: string
      reason: string | null
      /** Format: date-time */
      since: string
      /** Format: uuid */
      workflow_id: string | null
    }
    /** @description That it is paused. */
    Paused: {
      /** @description How it ends, if it is failing or being cancelled: then its clean-up is held up. */
      ending?: components['schemas']['Ending'] | null
      /** @description `paused`. */
      status: string
      /** @description The same for people. */
      text?: string | null
    }
    /**
     * @description What is paused.
     * @enum {string}
     */
    PauseLevel: 'workflow' | 'workspace'
    PauseOrder: {
      /** @description Why, for people. */
      reason?: string | null
    }
    /** @description One page. */
    PausePage: {
      items: components['schemas']['Pause'][]
      /** @description Absent on the last page. */
      next_cursor: string | null
    }
    PauseSchedule: {
      /** @description For people. */
      reason?: string | null
    }
    /** @description An execution that flow control holds back. */
    PendingExecution: {
      /** Format: date-time */
      created_at: string
      edges: unknown[]
      held: components['schemas']['HeldBack']
      /** Format: uuid */
      id: string
      status: components['schemas']['PendingStatus']
      steps: unknown[]
      trigger: string
      /** Format: uuid */
      version_id: string
      /** Format: uuid */
      workflow_id: string
    }
    /** @enum {string} */
    PendingStatus: 'pending'
    /** @description A job as clients see it. The address is in none of them. */
    PersonJob: {
      /** @description HMAC-SHA256 of the address in lower case, in hexadecimal digits, under a key of the workspace. */
      address_hash: string
      counts: components['schemas']['PersonJobCounts']
      /** Format: date-time */
      created_at: string
      /** Format: date-time */
      ended_at: string | null
      /** Format: uuid */
      id: string
      kind: components['schemas']['PersonJobKind']
      /** @description Why it failed. */
      reason: string | null
      /** @description `running`, `waiting` for what holds the address and has not ended, `completed` or `failed`. */
      status: string
    }
    PersonJobCounts: {
      /**
       * Format: int64
       * @description Lines of an export; rows out of which something was erased.
       */
      found: number
      /**
       * Format: int64
       * @description What holds the address and has not ended.
       */
      left: number
      /**
       * Format: int64
       * @description Rows that were looked at.
       */
      searched: number
    }
    PersonJobKind: 'export' | 'erase'
    /** @description One page. */
    PersonJobPage: {
      items: components['schemas']['PersonJob'][]
      /** @description Absent on the last page. */
      next_cursor: string | null
    }
    /** @description Who may take a way, where not everybody may: people by their role, and what else acts. */
    PipelineDoer: 'owner' | 'admin' | 'member' | 'key' | 'step' | 'form' | 'hook'
    /** @description One state. */
    PipelineState: {
      /** @description Whether it is meant to be the end. Then no way may lead out of it; where none does, it is the end anyway. */
      final?: boolean
      /**
       * @description What it means for the whole.
       * @default open
       */
      kind: components['schemas']['PipelineStateKind']
      /** @description For people. */
      label: string
      /** @description Lower-case letters, digits and `_`. */
      name: string
    }
    /** @description What a state means for the whole. */
    PipelineStateKind: 'open' | 'won' | 'lost'
    PipelineStateWish: {
      /**
       * @description Whether it is meant to be the end: no way may lead out of it.
       * @default false
       */
      final: boolean
      /**
       * @description What it means for the whole.
       * @default open
       */
      kind: components['schemas']['PipelineStateKind']
      /** @description For people. */
      label: string
      /** @description Lower-case letters, digits and `_`. */
      name: string
    }
    /** @description One way. */
    PipelineTransition: {
      /** @description Who may take it; everybody who may write, if nobody is listed. */
      by?: components['schemas']['PipelineDoer'][]
      /** @description Name of a state. */
      from: string
      /** @description What taking it is called, such as `qualify`; no two ways out of a state have the same. */
      name?: string | null
      /** @description Whether who takes it has to say why. */
      needs_reason?: boolean
      /** @description What people are told when it does not. */
      reason?: string | null
      /** @description Name of another state. */
      to: string
      /** @description A condition over `input`, which is the record, such as `{{ input.fields.budget > 0 }}`. It has to come to true. */
      when?: string | null
    }
    /** @description States and the ways between them, to be put in place of those there are. */
    PipelineWish: {
      /** @description Where everything begins. */
      initial: string
      /** @description In the order of a board. */
      states: components['schemas']['PipelineStateWish'][]
      /** @description Each allowed way. What is not listed is refused; a state without one ends. */
      transitions: components['schemas']['PipelineTransition'][]
    }
    /** @description What a restart keeps, and what runs again. */
    Plan: {
      /** @description Those of them that are others in the version to restart on. */
      changed: string[]
      /** @description Steps that had begun, and are not in the graph any more. */
      dropped: string[]
      /** @description Steps that count as done. */
      kept: string[]
      /** @description Steps that had not begun, and now run if the graph comes to them. */
      new: string[]
      /** @description Steps that had begun and run again. */
      redone: string[]
      /** @description Effects that may have happened and then happen again. */
      repeated_effects: string[]
    }
    /** @description A change of the platform. */
    PlatformChange: {
      /** @description Method and route. */
      action: string
      address: string | null
      /** Format: date-time */
      at: string
      by: string
      changes: components['schemas']['AuditChange'][]
      /** Format: uuid */
      id: string
      request_id: string
      /** @description The name of the setting, or the id of the workspace. */
      subject: string
    }
    /** @description One page. */
    PlatformChangePage: {
      items: components['schemas']['PlatformChange'][]
      /** @description Absent on the last page. */
      next_cursor: string | null
    }
    /** @description How the first cell, its fleet and its database are and were. */
    PlatformHealth: {
      /** @description The schema of the cell. */
      cell: string
      checks: components['schemas']['HealthCheck'][]
      /** Format: int32 */
      hours: number
      /** @description Oldest first. */
      points: components['schemas']['HealthPoint'][]
      /** @description The worst of the checks. */
      standing: components['schemas']['HealthStanding']
      /**
       * Format: int32
       * @description Seconds that a point is the mean of.
       */
      stretch_s: number
    }
    /** @description A setting of the platform. */
    PlatformSetting: {
      about: string
      /** Format: date-time */
      changed_at: string | null
      changed_by: string | null
      /** @description Whether somebody has set it. */
      is_set: boolean
      name: string
      shape: components['schemas']['SettingShape']
      /** @description What holds where nobody has, by the environment of the process that answers; null for nothing. */
      usual: unknown
      /** @description What holds; null for nothing. */
      value: unknown
    }
    /** @description A list that is whole. */
    PlatformSettingList: {
      items: components['schemas']['PlatformSetting'][]
    }
    /** @description One of the two. */
    PreviewedExpression: {
      error: components['schemas']['ExpressionFlaw'] | null
      /** @description What it comes to; null, too, where there is an error. */
      value: unknown
    }
    PreviewExpression: {
      /**
       * Format: uint64
       * @description Its place, from 0.
       */
      index?: number | null
      /** @description What the execution was started with; an empty object if absent. */
      input?: unknown
      /** @description What this run of a container is about. */
      item?: unknown
      /** @description A text of a config, with its braces. */
      source: string
      /**
       * @description Outputs of steps, by node; others are unknown.
       * @default {}
       */
      steps: {
        [key: string]: unknown
      }
    }
    /** @description Problem details (RFC 9457). */
    Problem: {
      /** @description Stable machine name. */
      code: string
      /** @description What happened to what. */
      detail: string
      /** @description Findings, each about one place. */
      errors?: components['schemas']['ProblemEntry'][]
      /** @description What to do. */
      hint: string
      /** @description The path of the request. */
      instance: string
      request_id: string
      /** Format: uint16 */
      status: number
      title: string
      /** @description A URN that ends with the code. */
      type: string
    }
    /** @description One finding of several. Those about a graph name a node or an edge, too. */
    ProblemEntry: {
      code: string
      detail: string
      edge_id?: string
      hint: string
      node_id?: string
      path?: components['schemas']['Move'][]
      /** @description JSON pointer into the body of the request. */
      pointer?: string
      severity?: components['schemas']['Severity']
    }
    /** @description A part of the product that a workspace can have. */
    ProductPage: {
      about: string
      name: string
      title: string
    }
    /** @description A list that is whole. */
    ProductPageList: {
      items: components['schemas']['ProductPage'][]
    }
    /** @description How far the clean-up of an execution is. */
    Progress: 'ended' | 'requested' | 'stopping' | 'undo' | 'finally'
    /** @description What was found, and whether all was looked at. */
    Proof: {
      /**
       * Format: uint64
       * @description Most attempts of all of them, if they can be counted.
       */
      attempts_max: number | null
      /** @description Whether every question has its answer. */
      complete: boolean
      /**
       * Format: uint64
       * @description Work done.
       */
      explored: number
      /** @description The worst first. */
      findings: components['schemas']['Finding'][]
      left_out: components['schemas']['LeftOut'][]
      /**
       * Format: uint64
       * @description Most steps that an execution may have, if they can be counted.
       */
      steps_max: number | null
    }
    /** @description A provider, as a page for logging in shows it. */
    ProviderView: {
      id: string
      /** @description What people call it. */
      name: string
      /** @description Where the browser goes to log in there; `?next=` says where it goes afterwards. */
      path: string
    }
    /** @description A list that is whole. */
    ProviderViewList: {
      items: components['schemas']['ProviderView'][]
    }
    /** @description An Ed25519 key (RFC 8037). */
    PublicKey: {
      alg: string
      crv: string
      kid: string
      kty: string
      use: string
      x: string
    }
    /** @description A JWK set (RFC 7517). */
    PublicKeys: {
      /** @description The newest first. */
      keys: components['schemas']['PublicKey'][]
    }
    /** @description A version that was just published. */
    Published: {
      /** Format: date-time */
      created_at: string
      /** Format: uuid */
      id: string
      /** @description What people call it. */
      name: string | null
      /** @description What they say of it. */
      note: string | null
      /**
       * Format: int32
       * @description From 1.
       */
      number: number
      proof: components['schemas']['Proof']
      /**
       * Format: int32
       * @description The number of the rules under which it was published.
       */
      semantics: number
      /** @description Its forms and hooks, and where mails to it go. */
      triggers: components['schemas']['TriggerAddress'][]
      /** Format: uuid */
      workflow_id: string
    }
    Quota: {
      /**
       * Format: int64
       * @description Beyond this, nothing is granted.
       */
      hard: number | null
      kind: components['schemas']['QuotaKind']
      /** Format: int64 */
      limit: number | null
      /** Format: double */
      percent: number | null
      quota: string
      /**
       * Format: date-time
       * @description Null for what does not end with the month.
       */
      resets_at: string | null
      state: components['schemas']['QuotaState']
      /** Format: int64 */
      used: number
    }
    /**
     * @description Whether there may be so many at a time, or so many a month.
     * @enum {string}
     */
    QuotaKind: 'stored' | 'monthly'
    /** @enum {string} */
    QuotaState: 'ok' | 'soft' | 'hard'
    /** @description The process takes requests. */
    Readiness: {
      status: components['schemas']['ReadinessStatus']
    }
    /** @enum {string} */
    ReadinessStatus: 'ready'
    ReadNotifications: {
      /** @description Which; all, if it is absent. */
      ids?: string[] | null
    }
    /** @description A fact that was counted. */
    Receipt: {
      /** Format: date-time */
      at: string
      /** Format: uuid */
      execution_id: string
      href: string
      quota: string
      /** @description Null for the execution itself. */
      step: components['schemas']['ReceiptStep'] | null
      /** Format: int64 */
      units: number
    }
    /** @description One page. */
    ReceiptPage: {
      items: components['schemas']['Receipt'][]
      /** @description Absent on the last page. */
      next_cursor: string | null
    }
    ReceiptStep: {
      node_id: string
      scope: string | null
    }
    /** @description A record. */
    Record: {
      /** Format: date-time */
      created_at: string
      /** @description Whatever there is to know. */
      data: {
        [key: string]: unknown
      }
      /** Format: uuid */
      id: string
      /**
       * Format: int32
       * @description Rises by one with each change.
       */
      revision: number
      /** @description A state of its type. */
      state: string
      /** @description Name of its type. */
      type: string
      /** Format: date-time */
      updated_at: string
    }
    /** @description Who did something to a record. */
    RecordActor: {
      /** @description `user`, `key` or `step`. */
      kind: string
      name: string
    }
    /** @description What changes. */
    RecordChange: {
      /** @description Merged by name; null removes one. */
      data: {
        [key: string]: unknown
      }
    }
    /** @description Something that was done to a record. */
    RecordEntry: {
      /** Format: date-time */
      at: string
      by: components['schemas']['RecordActor']
      /** Format: uuid */
      execution_id: string | null
      /** @description Names of what changed in its data. */
      fields: string[]
      /** @description The state that it left; of a transition. */
      from: string | null
      /** Format: uuid */
      id: string
      /** @description `created`, `updated`, `transitioned`, `deleted` or `restored`; of a note `note`, `email`, `call` or `meeting`. */
      kind: string
      /** @description Why, if somebody said so; of a note, what it says. */
      reason: string | null
      /** Format: uuid */
      record_id: string
      /** @description The state that it came into; of a transition and of a new record. */
      to: string | null
      /** @description What the way is called, if it has a name. */
      transition: string | null
    }
    /** @description One page. */
    RecordEntryPage: {
      items: components['schemas']['RecordEntry'][]
      /** @description Absent on the last page. */
      next_cursor: string | null
    }
    /** @description Where a record is to go: a state, or the name of a way. */
    RecordMove: {
      /** @description Only if it is still in that state. */
      from?: string | null
      /** @description The name of a way out of its state, in place of `to`. */
      name?: string | null
      /** @description Why, for the history. */
      reason?: string | null
      /** @description A state of its type. */
      to?: string | null
    }
    /** @description Something that was done about a record. */
    RecordNote: {
      text: string
      type: components['schemas']['RecordNoteType']
    }
    /** @enum {string} */
    RecordNoteType: 'note' | 'email' | 'call' | 'meeting'
    /** @description One page. */
    RecordPage: {
      items: components['schemas']['Record'][]
      /** @description Absent on the last page. */
      next_cursor: string | null
    }
    /** @description A type: its states, the ways between them, and how often it was changed, which is 0 as it is shipped. */
    RecordType: {
      /** @description Where everything begins. */
      initial: string
      label: string
      name: string
      /** Format: int32 */
      revision: number
      /** @description Whether it is as it is shipped. */
      shipped: boolean
      /** @description In the order of a board. */
      states: components['schemas']['PipelineState'][]
      /** @description Each allowed way. What is not listed is refused; a state without one ends. */
      transitions: components['schemas']['PipelineTransition'][]
      /** Format: date-time */
      updated_at: string | null
    }
    /** @description All types. */
    RecordTypeList: {
      items: components['schemas']['RecordTypeSummary'][]
    }
    /** @description A type as lists show it. */
    RecordTypeSummary: {
      label: string
      name: string
      /**
       * Format: int32
       * @description 0 as it is shipped.
       */
      revision: number
      /** @description Whether it is as it is shipped. */
      shipped: boolean
    }
    /** @description A type of records, to be defined. */
    RecordTypeWish: {
      /** @description Where everything begins. */
      initial: string
      /** @description For people. */
      label: string
      /** @description In the order of a board. */
      states: components['schemas']['PipelineStateWish'][]
      /** @description Each allowed way. What is not listed is refused; a state without one ends. */
      transitions: components['schemas']['PipelineTransition'][]
    }
    /** @description One of them. */
    RecordWay: {
      /** @description Who may take it; everybody who may write, if nobody is listed. */
      by: components['schemas']['PipelineDoer'][]
      /** @description What it is called, if it has a name. */
      name: string | null
      /** @description Whether who takes it has to say why. */
      needs_reason: boolean
      /** @description The state to which it leads. */
      to: string
      /** @description Why its condition does not let the record pass; null if it does. */
      why_not: string | null
    }
    /** @description The ways that lead on from where a record is. */
    RecordWays: {
      items: components['schemas']['RecordWay'][]
      /** @description Where it is. */
      state: string
    }
    RenameCredential: {
      name: string
    }
    RenameWorkflow: {
      /** @description 1 to 200 characters on one line. */
      name: string
    }
    ReplaceCredential: {
      allowed_hosts: string[]
      fields: {
        [key: string]: unknown
      }
    }
    /** @description How a read replica follows. */
    ReplicaStanding: 'used' | 'behind' | 'lost'
    /** @description What a step replied to who waits. */
    Reply: {
      body: unknown
      content_type?: string
      headers: {
        [key: string]: string
      }
      /** Format: uint16 */
      status: number
    }
    ResendDeliveries: {
      /** Format: date-time */
      since: string
      statuses?: string[] | null
      /** Format: date-time */
      until?: string | null
    }
    /** @description What was sent again. */
    ResentRange: {
      /** @description Whether there are more: ask again. */
      has_more: boolean
      /** Format: uint64 */
      resent: number
    }
    ResetPassword: {
      password: string
      token: string
    }
    /** @description An incident that goes on. */
    Resolve: {
      action: components['schemas']['ResolveAction']
      /** @description Of a failure. */
      class?: string | null
      /** @description Of a retry: what replaces fields of the step's config. */
      config?: unknown
      /** @description Of a skip. */
      output?: unknown
      /** @description Of a skip. */
      port?: string | null
      reason?: string | null
      /**
       * @description Its scope.
       * @default
       */
      scope: string
      /** @description The node of the step; the only step that the incident is about if absent. */
      step?: string | null
    }
    /** @enum {string} */
    ResolveAction: 'retry' | 'skip' | 'fail'
    /** @description What a person said of a step that was an incident. */
    Resolved: {
      /** @description `retry`, `skip` or `fail`. */
      action: string
      /**
       * Format: date-time
       * @description When it was taken in.
       */
      at: string
      /** @description The name of the key. */
      by: string
      /** @description Why. */
      reason: string | null
    }
    /** @description What was done with the step of an incident. */
    Resolving: {
      /** @description With its arguments. */
      action: {
        [key: string]: unknown
      }
      step: components['schemas']['StepKey'] | null
    }
    Restart: {
      /**
       * @description Only tells what would be kept and what would run again.
       * @default false
       */
      dry_run: boolean
      /** @description The step that runs again, with what lies behind it. */
      from: string
      /**
       * @description The version of the new execution, or `latest`; that of the old one if absent.
       * @default null
       */
      version_id: string | null
    }
    /** @description What a restart keeps, and what runs again. */
    RestartPlan: {
      /** @description Those of them that are others in the version to restart on. */
      changed: string[]
      /** @description Steps that had begun, and are not in the graph any more. */
      dropped: string[]
      /** Format: uuid */
      id?: string | null
      /** @description Steps that count as done. */
      kept: string[]
      /** @description Steps that had not begun, and now run if the graph comes to them. */
      new: string[]
      /** @description Steps that had begun and run again. */
      redone: string[]
      /** @description Effects that may have happened and then happen again. */
      repeated_effects: string[]
      /** Format: uuid */
      version_id: string
    }
    Resumed: {
      /** @description Whether it was paused. */
      resumed: boolean
    }
    /** @description For how long history is kept. */
    Retention: {
      /** @description Whether a month is dropped only once it was archived. */
      is_archived: boolean
      /**
       * Format: int32
       * @description From the end of a month; null is for good.
       */
      keep_days: number | null
    }
    RetryNow: {
      /** @description Why, for people. */
      reason?: string | null
      /**
       * @description Its scope, as of `each[3]`.
       * @default
       */
      scope: string
      /** @description The node of the step; all that wait for their next attempt if absent. */
      step?: string | null
    }
    /**
     * @description What somebody may do in a workspace; see `docs/permissions.md`.
     * @enum {string}
     */
    RoleName: 'owner' | 'admin' | 'member' | 'viewer'
    RotateSecret: {
      /** Format: int64 */
      overlap_s?: number | null
    }
    /** @description A rule as it is. */
    Rule: {
      actions: components['schemas']['RuleAction'][]
      conditions: components['schemas']['RuleCondition'] | null
      /** Format: date-time */
      created_at: string
      /** @description Whether its workflow has been changed by hand: it is not compiled any more then. */
      edited_by_hand: boolean
      /** @description While it is not, its workflow does not start by itself. */
      enabled: boolean
      event: string
      /** Format: uuid */
      id: string
      log_misses: boolean
      name: string
      /**
       * Format: int32
       * @description Rises by one with each change; also the `ETag`.
       */
      revision: number
      /** Format: date-time */
      updated_at: string
      /** @description Who changed it last. */
      updated_by: string
      /**
       * Format: int32
       * @description The number of the version that it was compiled to.
       */
      version: number
      /**
       * Format: uuid
       * @description The workflow that does what it says.
       */
      workflow_id: string
    }
    /** @description One thing that a rule does: a step of that type with that config. */
    RuleAction: {
      /** @description Its config, with expressions over `input`, which is the event, such as `{{ input.data.lead.email }}`. */
      config: {
        [key: string]: unknown
      }
      /** @description Which type of node does it. */
      type: components['schemas']['RuleActionType']
    }
    /** @description The node types that can be actions. Each goes on by its port `out`. */
    RuleActionType:
      | 'action.send_email'
      | 'action.send_sms'
      | 'action.notify'
      | 'action.http_request'
      | 'action.emit_event'
      | 'lead.upsert'
      | 'lead.update'
      | 'lead.set_status'
      | 'record.create'
      | 'record.update'
      | 'record.transition'
      | 'logic.sub_workflow'
    /** @description A comparison, or a group: exactly one of `all`, `any` and `field` is there. */
    RuleCondition: {
      /** @description All of these have to hold. */
      all?: components['schemas']['RuleCondition'][] | null
      /** @description One of these has to hold. */
      any?: components['schemas']['RuleCondition'][] | null
      /** @description What of the event is compared: keys with dots between, such as `data.lead.source`. */
      field?: string | null
      /** @description How it is compared. */
      op?: components['schemas']['RuleOperator'] | null
      /** @description With what: a text, a number, true or false; a list of these for `one_of`, nothing for `exists` and `missing`. */
      value?: unknown
    }
    /** @description How a field is compared with a value. */
    RuleOperator: 'eq' | 'ne' | 'gt' | 'ge' | 'lt' | 'le' | 'contains' | 'one_of' | 'exists' | 'missing'
    /** @description One page. */
    RulePage: {
      items: components['schemas']['Rule'][]
      /** @description Absent on the last page. */
      next_cursor: string | null
    }
    RunDraft: {
      input?: unknown
      /**
       * @description What is pinned stands for its steps.
       * @default false
       */
      pinned: boolean
      /** Format: uint64 */
      timeout_ms?: number | null
      trigger?: string | null
    }
    /** @description A draft that was stored. */
    SavedDraft: {
      ports: {
        [key: string]: string[]
      }
      problems: components['schemas']['GraphProblem'][]
      /**
       * Format: int32
       * @description Also the `ETag`.
       */
      revision: number
    }
    /** @description A schedule: a trigger of a published version that fires by the clock. */
    Schedule: {
      catch_up: components['schemas']['CatchUp']
      /** Format: date-time */
      created_at: string
      cron: string
      /** Format: uuid */
      id: string
      /** @description Its newest start. */
      last: components['schemas']['TriggerStart'] | null
      /**
       * Format: int64
       * @description Fire times that nothing was started for.
       */
      missed: number
      /**
       * Format: date-time
       * @description Null when it is over or paused for good.
       */
      next_at: string | null
      /** @description As clocks of its zone show it. */
      next_local: string | null
      node_id: string
      overlap: components['schemas']['Overlap']
      paused: components['schemas']['SchedulePause'] | null
      status: components['schemas']['ScheduleStatus']
      /** Format: date-time */
      updated_at: string
      /** Format: uuid */
      version_id: string
      /**
       * Format: int64
       * @description Starts that wait.
       */
      waiting: number
      /** Format: uuid */
      workflow_id: string
      workflow_name: string
      zone: string
    }
    /** @description A schedule with when it fires and what it has started. */
    ScheduleDetails: {
      catch_up: components['schemas']['CatchUp']
      /** Format: date-time */
      created_at: string
      cron: string
      /** @description The newest 50 starts. */
      fires: components['schemas']['TriggerStart'][]
      /** Format: uuid */
      id: string
      /** @description Its newest start. */
      last: components['schemas']['TriggerStart'] | null
      /**
       * Format: int64
       * @description Fire times that nothing was started for.
       */
      missed: number
      /** @description The next 10 fire times. */
      next: components['schemas']['FireTime'][]
      /**
       * Format: date-time
       * @description Null when it is over or paused for good.
       */
      next_at: string | null
      /** @description As clocks of its zone show it. */
      next_local: string | null
      node_id: string
      overlap: components['schemas']['Overlap']
      paused: components['schemas']['SchedulePause'] | null
      status: components['schemas']['ScheduleStatus']
      /** Format: date-time */
      updated_at: string
      /** Format: uuid */
      version_id: string
      /**
       * Format: int64
       * @description Starts that wait.
       */
      waiting: number
      /** Format: uuid */
      workflow_id: string
      workflow_name: string
      zone: string
    }
    /** @description One page. */
    SchedulePage: {
      items: components['schemas']['Schedule'][]
      /** @description Absent on the last page. */
      next_cursor: string | null
    }
    SchedulePause: {
      /** Format: date-time */
      at: string
      by: string | null
      reason: string | null
    }
    SchedulePreview: {
      items: components['schemas']['FireTime'][]
      zone: string
    }
    SchedulePreviewWish: {
      cron: string
      /** Format: date-time */
      end_at?: string | null
      /**
       * Format: date-time
       * @description Fire times after it; now if absent.
       */
      from?: string | null
      /** Format: date-time */
      start_at?: string | null
      zone?: string | null
    }
    /** @enum {string} */
    ScheduleStatus: 'active' | 'paused' | 'over'
    /** @description Where somebody is logged in. */
    Session: {
      address: string | null
      /** Format: date-time */
      created_at: string
      /** @description Whether the request comes from it. */
      current: boolean
      /** Format: date-time */
      expires_at: string
      /** Format: uuid */
      id: string
      /** Format: date-time */
      last_seen_at: string
      user_agent: string | null
    }
    /** @description A list that is whole. */
    SessionList: {
      items: components['schemas']['Session'][]
    }
    SetPrice: {
      /** @description The plan that is paid for. */
      plan: string
    }
    SetSetting: {
      /** @description What it is to be; which values there may be depends on the setting. */
      value: unknown
    }
    /** @description What a setting may be. */
    SettingShape:
      | {
          /** @constant */
          type: 'choice'
          words: string[]
        }
      | {
          /** Format: uint32 */
          chars_max: number
          /** @constant */
          type: 'text'
        }
      | {
          /** @constant */
          type: 'plan'
        }
      | {
          /** Format: int64 */
          max: number
          /** Format: int64 */
          min: number
          /** @constant */
          type: 'number'
        }
    /** @enum {string} */
    Severity: 'error' | 'warning' | 'note'
    /** @description A signal that was taken in. */
    SignalTaken: {
      /** Format: uuid */
      signal_id: string
    }
    SignUp: {
      email: string
    }
    /** @description A simulation that is asked for. */
    Simulate: {
      cancel?: components['schemas']['SimulatedCancel'] | null
      /** @description What the trigger gives. */
      input?: unknown
      /**
       * Format: date-time
       * @description The virtual time of its start.
       */
      now?: string | null
      /**
       * Format: uuid
       * @description An execution whose record stands for what is absent here.
       */
      of_execution?: string | null
      /**
       * @description What stands for effects, by node or step.
       * @default {}
       */
      stubs: {
        [key: string]: unknown
      }
      /** @description Where it begins; the only trigger if absent. */
      trigger?: string | null
      unstubbed?: components['schemas']['Unstubbed'] | null
    }
    /** @description What a simulation came to. */
    Simulated: {
      /** Format: date-time */
      ended_at: string | null
      error: components['schemas']['Failure'] | null
      output: unknown
      /** Format: uint32 */
      position: number
      /** @description `completed`, `failed`, `cancelled` or `incident`, or else `stopped`. */
      status: string
      steps: components['schemas']['Step'][]
      /** Format: uint */
      steps_left_out: number
      stopped: components['schemas']['Stopped'] | null
    }
    /** @description A cancel in a simulation. */
    SimulatedCancel: {
      /**
       * Format: uint64
       * @description How long after the start, in virtual time.
       * @default 0
       */
      after_ms: number
      /** @default false */
      force: boolean
      reason: string
    }
    /** @description A statement of the product, without values. */
    SlowStatement: {
      /** Format: int64 */
      calls: number
      /** Format: int64 */
      max_ms: number
      /** Format: double */
      mean_ms: number
      statement: string
      /** Format: int64 */
      total_ms: number
    }
    /** @description How a step ended. */
    Standing: {
      error_class: string | null
      more_ports?: string[]
      port: string | null
      status: components['schemas']['StepStatus']
    }
    /** @description The same as clients see it. */
    Started: {
      held?: components['schemas']['Held'] | null
      /** Format: uuid */
      id: string
      status: components['schemas']['StartStatus']
      /** Format: uuid */
      version_id: string
      /** @description What it asks for and does not get. */
      warnings?: components['schemas']['Warning'][]
      /** Format: uuid */
      workflow_id: string
    }
    /** @description A trial that was started. */
    StartedTrial: {
      /** @description If it failed. */
      error?: unknown
      /** Format: uuid */
      id: string
      /** @description If it completed. */
      output?: unknown
      proof: components['schemas']['Proof']
      /** @description If one of its steps replied. */
      response?: components['schemas']['Reply']
      status: components['schemas']['ExecutionStatus']
      trial: boolean
      /** Format: uuid */
      version_id: string
      /** @description What it asks for and does not get. */
      warnings?: components['schemas']['Warning'][]
      /** Format: uuid */
      workflow_id: string
    }
    /** @description The same, as the answer to a start has it. */
    StartStatus: ('queued' | 'running' | 'waiting' | 'paused' | 'incident') | 'pending' | 'skipped'
    /** @description One step. */
    Step: {
      /**
       * Format: uint32
       * @description Attempts so far that failed, and after the end all attempts.
       */
      attempts: number
      /** @description Its last error. */
      error: components['schemas']['StepError'] | null
      /**
       * Format: date-time
       * @description When it was fired.
       */
      fired_at: string | null
      /** @description What people see. */
      label: string
      /** @description Further ports that it emitted on at the same time; absent if there are none. */
      more_ports?: string[]
      /** @description Its node. */
      node_id: string
      /** @description What it gave back; null while it has not, in a snapshot, and if it is too large to be shown. */
      output: unknown
      /** @description Whether it gave back more than is shown. */
      output_truncated?: boolean
      /** @description The port it emitted on. */
      port: string | null
      /** @description What a person said of it last, when it was an incident. */
      resolved?: components['schemas']['Resolved'] | null
      /**
       * Format: date-time
       * @description When its next attempt starts at the earliest.
       */
      retry_at: string | null
      /** @description Empty at the top level. */
      scope: string
      /**
       * Format: date-time
       * @description When it ended.
       */
      settled_at: string | null
      /** @description See `StepStatus`. */
      status: components['schemas']['StepStatus']
      /** @description Node type. */
      type: string
      /** @description What it waits for. */
      waiting: components['schemas']['Until'] | null
    }
    /** @description The class of an error, and its reason. */
    StepError: {
      class: string
      reason: string
    }
    /** @description The address of a step: one node in one scope. */
    StepKey: {
      node_id: string
      /** @description Empty at the top level. */
      scope: string
    }
    /**
     * @description The status of a step.
     * @enum {string}
     */
    StepStatus: 'pending' | 'running' | 'waiting' | 'completed' | 'failed' | 'skipped' | 'cancelled' | 'outcome_unknown'
    /** @description Why a simulation did not reach an end. */
    Stopped: {
      code: string
      detail: string
      hint: string
      steps: string[]
    }
    /** @description A stretch of time in which a step was tried, or waited: for a worker, or for something else. */
    Stretch: {
      /** @description Why an attempt failed. */
      error: components['schemas']['StepError'] | null
      /**
       * Format: date-time
       * @description It began then; an attempt of which it is not known who made it, no earlier.
       */
      from_at: string
      kind: components['schemas']['StretchKind']
      node_id: string
      /**
       * Format: uint32
       * @description Of an attempt, also of one that no worker has taken up, from 1; they begin anew when a person has an incident tried again.
       */
      number: number | null
      /** @description Empty at the top level. */
      scope: string
      /** @description How it ended; `running` or `waiting` while it lasts. An attempt whose worker was lost is `outcome_unknown`. */
      status: components['schemas']['StepStatus']
      /**
       * Format: date-time
       * @description Absent while it lasts.
       */
      to_at: string | null
      /** @description Who made an attempt, as far as that is known; of a container nobody. */
      worker: components['schemas']['AttemptWorker'] | null
    }
    /**
     * @description What is `queued` is an attempt that could begin, and that no worker has taken up.
     * @enum {string}
     */
    StretchKind: 'queued' | 'attempt' | 'wait'
    TakenEvents: {
      /** @description In the order of the request. */
      events: components['schemas']['Event'][]
    }
    /** @description A workspace as the platform sees it. */
    Tenant: {
      /** Format: date-time */
      created_at: string
      /** Format: uuid */
      id: string
      name: string
      placement: string
      plan: string | null
      slug: string
      state: components['schemas']['TenantState']
      /** Format: date-time */
      state_changed_at: string
      /** @description Why it is where it is. */
      state_reason: string | null
    }
    /** @description A workspace with where it has been. */
    TenantDetails: {
      /** Format: date-time */
      created_at: string
      /** @description Newest first, at most 200. */
      history: components['schemas']['TenantTransition'][]
      /** Format: uuid */
      id: string
      name: string
      placement: string
      plan: string | null
      slug: string
      state: components['schemas']['TenantState']
      /** Format: date-time */
      state_changed_at: string
      /** @description Why it is where it is. */
      state_reason: string | null
    }
    /** @description A move that there is. */
    TenantMove: {
      from: components['schemas']['TenantState']
      to: components['schemas']['TenantState']
    }
    /** @description A list that is whole. */
    TenantMoveList: {
      items: components['schemas']['TenantMove'][]
    }
    /** @description One page. */
    TenantPage: {
      items: components['schemas']['Tenant'][]
      /** @description Absent on the last page. */
      next_cursor: string | null
    }
    /** @description Where a workspace is in its life. */
    TenantState: 'active' | 'draft' | 'provisioning' | 'suspended' | 'archived'
    /** @description A move that was made. */
    TenantTransition: {
      /** Format: date-time */
      at: string
      /** @description An address, or what else moved it. */
      by: string
      from: components['schemas']['TenantState']
      reason: string | null
      to: components['schemas']['TenantState']
    }
    /** @description A past execution as a case for `capstan test`. */
    TestCase: {
      case: {
        [key: string]: unknown
      }
      /** @description Whether it comes to what is recorded. */
      exact: boolean
      /** @description Whether something was left out as a secret. */
      redacted: boolean
    }
    TestCredential: {
      /**
       * @description What is asked by GET with the credential, at one of its hosts. Not of a mail server; of a client of OAuth 2, whose token is
       *     fetched in any case, if it is to be asked, too.
       */
      url?: string | null
    }
    /** @description That of the step, or `queued` if it has not begun. */
    TestedStatus: components['schemas']['StepStatus'] | components['schemas']['StartStatus']
    /** @description What one attempt of a step came to. */
    TestedStep: {
      /** Format: uint32 */
      attempts?: number
      /** @description As the attempt got it, without secrets. */
      config?: unknown
      /** Format: int64 */
      duration_ms?: number | null
      error?: components['schemas']['StepError'] | null
      /** Format: uuid */
      execution_id: string
      logs: components['schemas']['TestLogLine'][]
      /** @description Further ports that it emitted on at the same time. */
      more_ports?: string[]
      output?: unknown
      output_truncated?: boolean
      port?: string | null
      status: components['schemas']['TestedStatus']
      trial: boolean
      waiting?: components['schemas']['Until'] | null
    }
    TestLogLine: {
      /** Format: date-time */
      created_at: string
      level: string
      message: string
    }
    /**
     * @description `passed`: the provider took the credential; `refused`: it did not; `unclear`: it answered something else; `unreachable`: it did not
     *     answer; `not_allowed`: nothing was sent, as the address is not allowed; `timed_out`: it took too long; `unusable`: the credential
     *     cannot be opened, or not be sent as it is.
     * @enum {string}
     */
    TestOutcome: 'passed' | 'refused' | 'unclear' | 'unreachable' | 'not_allowed' | 'timed_out' | 'unusable'
    TestStep: {
      /** @description What the trigger gave. */
      input?: unknown
      /** @description The item of the container around it. */
      item?: unknown
      /** @description The step. */
      node_id: string
      /**
       * Format: uuid
       * @description An execution whose record stands for what is absent here.
       */
      of_execution?: string | null
      /**
       * @description What other steps gave, by node, as stubs.
       * @default {}
       */
      steps: {
        [key: string]: unknown
      }
      /** @description Where the execution would have begun; the only trigger if absent. */
      trigger?: string | null
    }
    /** @description What an execution did when. */
    Timeline: {
      items: components['schemas']['Stretch'][]
      /**
       * Format: uint
       * @description How many more there are.
       */
      left_out: number
    }
    /** @description As OAuth 2 names it (RFC 6749, section 5.1). */
    Token: {
      /** @description Send it as `Authorization: Bearer`. */
      access_token: string
      /**
       * Format: int64
       * @description Seconds; less than was asked for where the key ends before.
       */
      expires_in: number
      /** @description What it may do: words of permissions, with blanks between. */
      scope: string
      /** @description Always `Bearer`. */
      token_type: string
    }
    TransferWorkspace: {
      /** Format: uuid */
      user_id: string
    }
    /** @description Where a form or hook answers, or a mail goes. */
    TriggerAddress: {
      kind: string
      node_id: string
      /** @description A path of this server; `mailto:` with an address for mails, null where this server takes none. */
      url: string | null
    }
    /** @description A start of a trigger. */
    TriggerStart: {
      /** Format: date-time */
      at: string
      cause: string
      /** Format: date-time */
      due_at: string | null
      /**
       * Format: uuid
       * @description What it has started, or what was at work instead.
       */
      execution_id: string | null
      node_id: string
      reason: string | null
      /** Format: date-time */
      settled_at: string | null
      status: components['schemas']['TriggerStartStatus']
      /** @description What for: a fire time, a row, a mail. */
      subject: string
      /** Format: int32 */
      tries: number
    }
    /** @description A list that is whole. */
    TriggerStartList: {
      items: components['schemas']['TriggerStart'][]
    }
    /** @enum {string} */
    TriggerStartStatus: 'due' | 'held' | 'started' | 'skipped' | 'missed'
    /** @description A cell that did not answer, or not in time. */
    UnreachableCell: {
      /** @description A schema, or the database of a dedicated cell. */
      cell: string
      /** @description Why, for people. */
      reason: string
      /** @description The slug of that. */
      workspace: string | null
      /**
       * Format: uuid
       * @description The workspace whose cell it is; null if it holds many.
       */
      workspace_id: string | null
    }
    /** @description What is left to read. */
    Unread: {
      /** Format: uint32 */
      unread: number
    }
    /** @description What becomes of a step with effects that has no stub. */
    Unstubbed: 'fail' | 'null'
    /** @description What a waiting step waits for. Whatever comes first wakes it. */
    Until: {
      /** @description The child that it started. */
      child?: {
        [key: string]: unknown
      }
      signal?: string
      /** Format: date-time */
      time?: string
    }
    /** @description An index that was not read since statistics began. */
    UnusedIndex: {
      /** Format: int64 */
      bytes: number
      index: string
      table: string
    }
    /** @description Duties of the cells that one can see, and what is known of the database of the first one. */
    Upkeep: {
      /** @description The schema of the first cell. */
      cell: string
      /** @description By cell and name: of pooled cells on the first page only, of dedicated ones while a worker serves them. */
      items: components['schemas']['Duty'][]
      /** @description Newest first, at most 24. */
      months: components['schemas']['HistoryMonth'][]
      /** @description Where further dedicated cells are; null on the last page. */
      next_cursor: string | null
      /** @description Of the first cell, as is what follows. */
      retention: components['schemas']['Retention']
      /** @description Those that took most time in all, at most ten, worst first; null where the database does not count them. */
      slow_statements: components['schemas']['SlowStatement'][] | null
      /** @description Cells of this page that could not be looked into. */
      unreachable: components['schemas']['UnreachableCell'][]
      /** @description The largest, at most ten. */
      unused_indexes: components['schemas']['UnusedIndex'][]
    }
    /** @description What the workspace uses of its plan. */
    Usage: {
      /** @description Past months, newest first. */
      history: components['schemas']['UsedMonth'][]
      period: components['schemas']['UsagePeriod']
      plan: string | null
      quotas: components['schemas']['Quota'][]
    }
    UsagePeriod: {
      /** Format: date-time */
      from: string
      /** @description As `2026-01`. */
      name: string
      /** Format: date-time */
      to: string
    }
    UsedMonth: {
      period: string
      /** @description By quota. */
      used: {
        [key: string]: number
      }
    }
    User: {
      email: string
      /** Format: uuid */
      id: string
      name: string
    }
    /** @description Whether a graph can run, and what can be proven of it. */
    Verdict: {
      problems: components['schemas']['GraphProblem'][]
      /** @description Absent of a graph with problems. */
      proof: components['schemas']['Proof'] | null
      valid: boolean
    }
    /** @description A version with its graph. */
    Version: {
      /** Format: date-time */
      created_at: string
      graph: {
        [key: string]: unknown
      }
      /** Format: uuid */
      id: string
      /** @description What people call it. */
      name: string | null
      /** @description What they say of it. */
      note: string | null
      /**
       * Format: int32
       * @description From 1.
       */
      number: number
      ports: {
        [key: string]: string[]
      }
      /**
       * Format: int32
       * @description The number of the rules under which it was published.
       */
      semantics: number
      /** Format: uuid */
      workflow_id: string
    }
    /** @description A version of a workflow. */
    VersionSummary: {
      /** Format: date-time */
      created_at: string
      /** Format: uuid */
      id: string
      /** @description What people call it. */
      name: string | null
      /** @description What they say of it. */
      note: string | null
      /**
       * Format: int32
       * @description From 1.
       */
      number: number
      /**
       * Format: int32
       * @description The number of the rules under which it was published.
       */
      semantics: number
      /** Format: uuid */
      workflow_id: string
    }
    /** @description A list that is whole. */
    VersionSummaryList: {
      items: components['schemas']['VersionSummary'][]
    }
    /** @description One thing that an execution waits for. */
    WaitReason: {
      /** @description For people. */
      text: string
    } & (
      | {
          /** Format: uint64 */
          unseen_s?: number
          /** @constant */
          waits_for: 'fleet'
        }
      | {
          /** Format: uint32 */
          before?: number
          /** Format: uint32 */
          before_more_than?: number
          /** Format: uint32 */
          before_of_workspace?: number
          /** @constant */
          waits_for: 'turn'
        }
      | {
          /** Format: uint32 */
          before: number
          /** Format: uint32 */
          held: number
          held_by: string[]
          key?: string
          limit: string
          /** Format: date-time */
          since: string
          /** Format: uint32 */
          slots_max?: number
          /** @constant */
          waits_for: 'slot'
        }
      | {
          /** Format: uint32 */
          limit: number
          /** Format: uint64 */
          per_ms: number
          /** Format: date-time */
          until: string
          /** @constant */
          waits_for: 'throttle'
        }
      | {
          key: string
          rule: string
          /** Format: uint32 */
          starts: number
          /** Format: date-time */
          until?: string
          /** @constant */
          waits_for: 'starts'
        }
      | {
          reason: string
          steps?: components['schemas']['StepKey'][]
          /** @constant */
          waits_for: 'person'
        }
      | {
          force: boolean
          reason: string
          /** Format: date-time */
          since: string
          /** @constant */
          waits_for: 'cancel'
        }
      | components['schemas']['Ending']
      | {
          paused_by: string
          reason?: string
          /** Format: date-time */
          since: string
          /** @constant */
          waits_for: 'resume'
        }
      | {
          level: components['schemas']['PauseLevel']
          paused_by: string
          reason?: string
          /** Format: date-time */
          since: string
          /** @constant */
          waits_for: 'pause'
        }
      | {
          reason?: string
          /** Format: date-time */
          since: string
          state: string
          /** @constant */
          waits_for: 'workspace'
        }
      | {
          /** Format: uint32 */
          losses: number
          /** @constant */
          waits_for: 'alone'
        }
      | {
          step: components['schemas']['StepKey']
          /** @constant */
          waits_for: 'worker'
        }
      | {
          step: components['schemas']['StepKey']
          /** Format: date-time */
          until: string
          /** @constant */
          waits_for: 'time'
        }
      | {
          name: string
          step: components['schemas']['StepKey']
          /** Format: date-time */
          until?: string
          /** @constant */
          waits_for: 'signal'
        }
      | {
          step: components['schemas']['StepKey']
          /** Format: date-time */
          until?: string
          /** @constant */
          waits_for: 'approval'
        }
      | {
          event?: string
          key?: string
          step: components['schemas']['StepKey']
          /** Format: date-time */
          until?: string
          /** @constant */
          waits_for: 'event'
        }
      | {
          /** Format: uuid */
          execution_id: string
          status?: string
          step: components['schemas']['StepKey']
          /** Format: date-time */
          until?: string
          /** Format: uuid */
          version_id: string
          /** @constant */
          waits_for: 'child'
          /** Format: uuid */
          workflow_id: string
        }
      | {
          /** Format: uint32 */
          attempts: number
          error: components['schemas']['StepError'] | null
          step: components['schemas']['StepKey']
          /** Format: date-time */
          until: string
          /** @constant */
          waits_for: 'next_attempt'
        }
      | {
          /** Format: uint */
          ended: number
          /** Format: uint */
          items: number
          /** Format: uint */
          open: number
          step: components['schemas']['StepKey']
          /** Format: date-time */
          until?: string
          /** @constant */
          waits_for: 'frames'
        }
      | {
          /** Format: uint */
          chunks: number
          /** Format: uint */
          ended: number
          /** Format: uint */
          items: number
          /** Format: uint */
          open: number
          step: components['schemas']['StepKey']
          /** Format: date-time */
          until?: string
          /** @constant */
          waits_for: 'chunks'
        }
      | {
          /** Format: date-time */
          ended_at: string
          /** @constant */
          waits_for: 'history'
        }
      | {
          lacks: components['schemas']['JoinSource'][]
          step: components['schemas']['StepKey']
          /** Format: uint */
          taken: number
          /** @constant */
          waits_for: 'branches'
          /** Format: uint */
          wanted?: number
        }
    )
    /** @description What a start asked for and did not get, though it was let in. */
    Warning: {
      /** @description `priority_not_a_number`. */
      code: string
      /** @description For people. */
      text: string
    }
    WebhookAttempt: {
      detail: string | null
      /** Format: int64 */
      duration_ms: number
      error: string | null
      /** Format: int32 */
      number: number
      outcome: string
      response: string | null
      /** Format: date-time */
      started_at: string
      /** Format: int32 */
      status_code: number | null
    }
    /** @description What is told of a certificate. */
    WebhookClientCertificate: {
      /** @description `sha256:` and 64 digits. */
      fingerprint: string
      /** Format: date-time */
      set_at: string
    }
    /** @description A delivery as its owner sees it. */
    WebhookDelivery: {
      /** Format: int32 */
      attempts: number
      /** Format: date-time */
      created_at: string
      /** Format: uuid */
      endpoint_id: string
      event_id: string
      /** Format: uuid */
      id: string
      /** Format: date-time */
      next_attempt_at: string | null
      reason: string | null
      /** Format: date-time */
      settled_at: string | null
      status: components['schemas']['DeliveryStatus']
      type: string
      /** @description Whether it waits for the end of earlier ones of the same thing: its endpoint is ordered. */
      waits_in_line: boolean
    }
    /** @description A delivery as its owner sees it. */
    WebhookDeliveryDetails: {
      /** Format: int32 */
      attempts: number
      body: unknown
      /** Format: date-time */
      created_at: string
      /** Format: uuid */
      endpoint_id: string
      event_id: string
      /** Format: uuid */
      id: string
      /** Format: date-time */
      next_attempt_at: string | null
      reason: string | null
      /** Format: date-time */
      settled_at: string | null
      status: components['schemas']['DeliveryStatus']
      tries: components['schemas']['WebhookAttempt'][]
      type: string
      /** @description Whether it waits for the end of earlier ones of the same thing: its endpoint is ordered. */
      waits_in_line: boolean
    }
    /** @description One page. */
    WebhookDeliveryPage: {
      items: components['schemas']['WebhookDelivery'][]
      /** @description Absent on the last page. */
      next_cursor: string | null
    }
    /** @description An endpoint as its owner sees it. */
    WebhookEndpoint: {
      asymmetric: boolean
      client_certificate: components['schemas']['WebhookClientCertificate'] | null
      /** Format: int32 */
      concurrency: number
      /** Format: date-time */
      created_at: string
      description: string
      /** Format: date-time */
      failing_since: string | null
      /** Format: int32 */
      failures: number
      filter: string | null
      /** Format: uuid */
      id: string
      /** @description Whether deliveries of one thing go one after the other. */
      ordered: boolean
      /** Format: int32 */
      rate_per_s: number | null
      reason: string | null
      /** @description Only when it has just been made. */
      secret?: string
      secrets: components['schemas']['WebhookSecret'][]
      status: components['schemas']['EndpointStatus']
      types: string[]
      /** Format: date-time */
      updated_at: string
      url: string
    }
    /** @description A list that is whole. */
    WebhookEndpointList: {
      items: components['schemas']['WebhookEndpoint'][]
    }
    /** @description As it comes. */
    WebhookEndpointWish: {
      /** @description Whether an ed25519 key pair signs along (`v1a`). Left out: as it was, and not for a new one. */
      asymmetric?: boolean | null
      /** Format: uint32 */
      concurrency?: number | null
      /** @default  */
      description: string
      filter?: string | null
      /** @description Whether deliveries of one thing go one after the other. Left out: as it was, and not for a new one. */
      ordered?: boolean | null
      /** Format: uint32 */
      rate_per_s?: number | null
      types: string[]
      url: string
    }
    WebhookSecret: {
      /** Format: date-time */
      created_at: string
      /** Format: uuid */
      id: string
      /** @description `whpk_…`, where a key pair signs along. */
      public_key: string | null
      /** Format: date-time */
      until: string | null
    }
    /** @description Who may answer an approval. */
    WhoAnswers: {
      api_key: boolean
      link: boolean
    }
    Wish: {
      /**
       * Format: int64
       * @description How long it shall last, in seconds; 900 if left out.
       */
      expires_in_s?: number | null
      /** @description Words of permissions; all that the key has if left out. */
      scopes?: string[] | null
    }
    /** @description A workflow with its draft. */
    Workflow: {
      /** Format: date-time */
      created_at: string
      /** @description Nodes and edges, as the author drew them. */
      graph: {
        [key: string]: unknown
      }
      /** Format: uuid */
      id: string
      name: string
      /** @description The output ports of each node, by its id. */
      ports: {
        [key: string]: string[]
      }
      /** @description Of a workflow that was just made. */
      problems?: components['schemas']['GraphProblem'][]
      /**
       * Format: int32
       * @description The number of the newest version, if one was published.
       */
      published: number | null
      /**
       * Format: int32
       * @description Rises by one with each save of the draft.
       */
      revision: number
      /** @description The rule that it was made by, if one did. */
      rule: components['schemas']['WorkflowRule'] | null
      /**
       * Format: date-time
       * @description When name or draft last changed.
       */
      updated_at: string
    }
    /** @description A workflow as a file: its graph, without secrets, and which workflow it is. */
    WorkflowFile: {
      workflow: components['schemas']['WorkflowFileAbout']
    } & {
      [key: string]: unknown
    }
    /** @description Which workflow a file is. */
    WorkflowFileAbout: {
      /** @description The sum of what it was when it went out. */
      base: string
      /**
       * Format: uuid
       * @description The same wherever it is imported.
       */
      id: string
      name: string
    }
    /** @description Which workflow a file is. */
    WorkflowFileAboutWish: {
      /**
       * @description The sum of what it was when it went out: so is known what it began from.
       * @default null
       */
      base: string | null
      /**
       * Format: uuid
       * @description The same wherever it is imported; a new one if absent.
       * @default null
       */
      id: string | null
      name: string
    }
    /** @description A file that comes in: a graph, and which workflow it is. */
    WorkflowFileWish: {
      workflow: components['schemas']['WorkflowFileAboutWish']
    } & {
      [key: string]: unknown
    }
    /** @description Files that come in. */
    WorkflowImport: {
      /**
       * @description Only tells what would become of them.
       * @default false
       */
      dry_run: boolean
      on_conflict?: components['schemas']['WorkflowImportConflicts']
      /** @description 1 to 50. */
      workflows: components['schemas']['WorkflowFileWish'][]
    }
    /** @description What is done where both a file and the draft here have changed. */
    WorkflowImportConflicts: 'report' | 'overwrite' | 'copy'
    /** @description What became of the files. */
    WorkflowImported: {
      dry_run: boolean
      /** @description In the order of the request. */
      items: components['schemas']['WorkflowImportedItem'][]
    }
    /** @description What became of one, or would. */
    WorkflowImportedItem: {
      /**
       * Format: uuid
       * @description Of the workflow that it is now; of a copy or a new one that is not made yet, none.
       */
      id: string | null
      /** @description Where something was left out when it went out, and is to be filled in: JSON pointers, 20 at most. */
      left_out: string[]
      name: string
      /** @description What is wrong with the graph, which is kept as a draft all the same: 20 at most. */
      problems: components['schemas']['GraphProblem'][]
      result: components['schemas']['WorkflowImportOutcome']
      /**
       * Format: int32
       * @description Of the draft, if it was written.
       */
      revision: number | null
    }
    WorkflowImportOutcome:
      'created' | 'updated' | 'unchanged' | 'overwritten' | 'copied' | 'conflict' | 'deleted' | 'no_room'
    /** @description The rule that a workflow was made by. */
    WorkflowRule: {
      /** @description Whether draft or version are not what the rule was compiled to: it is compiled no more then. */
      edited_by_hand: boolean
      /** @description While it is not, no version of the workflow starts by itself. */
      enabled: boolean
      /** Format: uuid */
      id: string
      name: string
    }
    /** @description A workflow without its draft. */
    WorkflowSummary: {
      /** Format: date-time */
      created_at: string
      /** Format: uuid */
      id: string
      name: string
      /**
       * Format: int32
       * @description The number of the newest version, if one was published.
       */
      published: number | null
      /**
       * Format: int32
       * @description Rises by one with each save of the draft.
       */
      revision: number
      /**
       * Format: date-time
       * @description When name or draft last changed.
       */
      updated_at: string
    }
    /** @description One page. */
    WorkflowSummaryPage: {
      items: components['schemas']['WorkflowSummary'][]
      /** @description Absent on the last page. */
      next_cursor: string | null
    }
    Workspace: {
      /** Format: uuid */
      id: string
      name?: string
      /** @description Of the user there. */
      role?: string | null
      slug: string
      state: components['schemas']['TenantState']
      /** @description Why it is where it is. */
      state_reason: string | null
    }
    WorkspaceOwner: {
      email: string
      name?: string | null
    }
    /** @description Settings of a workspace. */
    WorkspaceSettings: {
      /** @description By kind, whether owner and administrators are told. */
      notifications: {
        [key: string]: boolean
      }
      /** @description An IANA name: the editor writes it into new schedules. */
      time_zone: string
      /** Format: date-time */
      updated_at: string | null
      /** @description Null if nobody has changed them. */
      updated_by: string | null
    }
    WorkspaceSettingsWish: {
      /** @description By kind, whether its owner and administrators are told; those that are absent stay as they are. */
      notifications?: {
        [key: string]: unknown
      } | null
      /** @description An IANA name, such as `Europe/Berlin`; as it is, if absent. */
      time_zone?: string | null
    }
    WorkspaceWish: {
      name: string
      owner?: components['schemas']['WorkspaceOwner'] | null
      /** @description `pooled`, among those of others, or `dedicated`, in a database of its own. */
      placement?: string | null
      plan?: string | null
      /** @description Name of the server of its own database; the home server if it is left out. */
      server?: string | null
      slug: string
    }
  }
  responses: {
    /** @description A refusal or an error: `code` is stable, `detail` says what happened, `hint` what to do. */
    Problem: {
      headers: {
        RateLimit: components['headers']['RateLimit']
        'RateLimit-Policy': components['headers']['RateLimitPolicy']
        'Retry-After': components['headers']['RetryAfter']
        'X-Request-Id': components['headers']['RequestId']
        [name: string]: unknown
      }
      content: {
        'application/problem+json': components['schemas']['Problem']
      }
    }
  }
  parameters: {
    /** @description A repeated request with the same key does nothing more and gets the first one's answer. */
    IdempotencyKey: string
    /** @description The `ETag` that was read. */
    IfMatch: string
    /** @description The `ETag` that is known. */
    IfNoneMatch: string
    /** @description The last event that was seen: the stream goes on after it. */
    LastEventId: string
    /** @description The `ETag` that was read: without it, it is not looked at. */
    MayMatch: string
    /** @description `wait=10` waits so many seconds for the outcome (RFC 7240). */
    Prefer: string
  }
  requestBodies: never
  headers: {
    /** @description What this answer is known by: of what is changed by revisions, the revision. To be sent as `If-Match` or `If-None-Match`. */
    ETag: string
    /** @description `true` if the same request was answered before, and nothing was done now. */
    IdempotentReplayed: string
    /** @description Where to read on: `<…>; rel="next"` (RFC 8288). Absent on the last page. */
    Link: string
    /** @description Where to read what was made. */
    Location: string
    /** @description The `Prefer` that was followed. */
    PreferenceApplied: string
    /** @description What is left of each limit that the request was counted under: `"key";r=599999;t=42`, requests, and seconds until all may be sent anew. */
    RateLimit: string
    /** @description Each of these limits: `"key";q=600000;w=60`, requests within seconds. */
    RateLimitPolicy: string
    /** @description The id of the request, as the log has it; that of the client, if it sent a harmless one. */
    RequestId: string
    /** @description With 429 and 503: seconds after which to come again. */
    RetryAfter: number
    /** @description The session. */
    SetCookie: string
  }
  pathItems: never
}
export type $defs = Record<string, never>
export interface operations {
  getAccess: {
    parameters: {
      query?: never
      header?: {
        /** @description The `ETag` that is known. */
        'If-None-Match'?: components['parameters']['IfNoneMatch']
      }
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description What a page for logging in may offer */
      200: {
        headers: {
          ETag: components['headers']['ETag']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['AccessOffered']
        }
      }
      /** @description What a page for logging in may offer */
      304: {
        headers: {
          ETag: components['headers']['ETag']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content?: never
      }
      400: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  listAlertRules: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description What raises alerts, by name */
      200: {
        headers: {
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['AlertRuleList']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  putAlertRule: {
    parameters: {
      query?: never
      header?: {
        /** @description A repeated request with the same key does nothing more and gets the first one's answer. */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey']
      }
      path: {
        name: string
      }
      cookie?: never
    }
    requestBody: {
      content: {
        'application/json': components['schemas']['NewAlertRule']
      }
    }
    responses: {
      /** @description Write a rule; an open alert of the rule as it was is cleared */
      204: {
        headers: {
          'Idempotent-Replayed': components['headers']['IdempotentReplayed']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content?: never
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      409: components['responses']['Problem']
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  deleteAlertRule: {
    parameters: {
      query?: never
      header?: {
        /** @description A repeated request with the same key does nothing more and gets the first one's answer. */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey']
      }
      path: {
        name: string
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Have no such rule; of `failures`, the shipped one holds again */
      204: {
        headers: {
          'Idempotent-Replayed': components['headers']['IdempotentReplayed']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content?: never
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      409: components['responses']['Problem']
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  listAlerts: {
    parameters: {
      query?: {
        /** @description `next_cursor` of the page before. */
        cursor?: string
        /** @description Most items of the page: 1 to 100, 50 if absent. */
        limit?: number
        status?: string
      }
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Alerts, newest first; the open ones unless all are asked for */
      200: {
        headers: {
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['AlertPage']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  listApprovals: {
    parameters: {
      query?: {
        /** @description `next_cursor` of the page before. */
        cursor?: string
        /** @description Most items of the page: 1 to 100, 50 if absent. */
        limit?: number
        status?: string
      }
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description What waits for a person, newest first */
      200: {
        headers: {
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['ApprovalPage']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  listAudit: {
    parameters: {
      query?: {
        /** @description Method and route, as entries tell it. */
        action?: string
        /** @description Name of the key, or address of the user. */
        by?: string
        /** @description `next_cursor` of the page before. */
        cursor?: string
        /** @description Done then or later. */
        from?: string
        /** @description Most items of the page: 1 to 100, 50 if absent. */
        limit?: number
        /** @description Done before that. */
        to?: string
      }
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Who changed what, newest first */
      200: {
        headers: {
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['AuditEntryPage']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  exportAudit: {
    parameters: {
      query?: {
        /** @description The `id` of a line: only what comes behind it. */
        after?: string
        /** @description `ndjson`, lines of JSON as the list has them, if absent; or `csv`. */
        format?: string
        /** @description Done then or later; from the beginning if absent. */
        from?: string
        /** @description Done before that; up to now if absent. */
        to?: string
      }
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Who changed what, the oldest first, as a stream */
      200: {
        headers: {
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/x-ndjson': unknown
          'text/csv': unknown
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  getBilling: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description What the provider of payments says of the workspace */
      200: {
        headers: {
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['Billing']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  listBulkJobs: {
    parameters: {
      query?: {
        /** @description `next_cursor` of the page before. */
        cursor?: string
        /** @description Most items of the page: 1 to 100, 50 if absent. */
        limit?: number
      }
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Bulk jobs, newest first */
      200: {
        headers: {
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['BulkJobPage']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  createBulkJob: {
    parameters: {
      query?: never
      header?: {
        /** @description A repeated request with the same key does nothing more and gets the first one's answer. */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey']
      }
      path?: never
      cookie?: never
    }
    requestBody: {
      content: {
        'application/json': components['schemas']['NewBulkJob']
      }
    }
    responses: {
      /** @description Do one thing with many executions */
      200: {
        headers: {
          'Idempotent-Replayed': components['headers']['IdempotentReplayed']
          Location: components['headers']['Location']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['BulkJobPreview']
        }
      }
      /** @description Do one thing with many executions */
      202: {
        headers: {
          'Idempotent-Replayed': components['headers']['IdempotentReplayed']
          Location: components['headers']['Location']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['BulkJob']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      409: components['responses']['Problem']
      410: components['responses']['Problem']
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  getBulkJob: {
    parameters: {
      query?: never
      header?: never
      path: {
        job_id: string
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description A bulk job and its counts */
      200: {
        headers: {
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['BulkJob']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  cancelBulkJob: {
    parameters: {
      query?: never
      header?: {
        /** @description A repeated request with the same key does nothing more and gets the first one's answer. */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey']
      }
      path: {
        job_id: string
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description What is left of it is not done */
      200: {
        headers: {
          'Idempotent-Replayed': components['headers']['IdempotentReplayed']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['BulkJob']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      409: components['responses']['Problem']
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  listBulkJobItems: {
    parameters: {
      query?: {
        /** @description `next_cursor` of the page before. */
        cursor?: string
        /** @description Most items of the page: 1 to 100, 50 if absent. */
        limit?: number
        status?: string
      }
      header?: never
      path: {
        job_id: string
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description What became of each execution */
      200: {
        headers: {
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['BulkJobItemPage']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  listCredentialTypes: {
    parameters: {
      query?: never
      header?: {
        /** @description The `ETag` that is known. */
        'If-None-Match'?: components['parameters']['IfNoneMatch']
      }
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Kinds of credentials, and what each is made of */
      200: {
        headers: {
          ETag: components['headers']['ETag']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['CredentialTypeList']
        }
      }
      /** @description Kinds of credentials, and what each is made of */
      304: {
        headers: {
          ETag: components['headers']['ETag']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content?: never
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  listCredentials: {
    parameters: {
      query?: {
        /** @description `next_cursor` of the page before. */
        cursor?: string
        /** @description Most items of the page: 1 to 100, 50 if absent. */
        limit?: number
      }
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Credentials without their secrets, newest first */
      200: {
        headers: {
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['CredentialPage']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  createCredential: {
    parameters: {
      query?: never
      header?: {
        /** @description A repeated request with the same key does nothing more and gets the first one's answer. */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey']
      }
      path?: never
      cookie?: never
    }
    requestBody: {
      content: {
        'application/json': components['schemas']['NewCredential']
      }
    }
    responses: {
      /** @description Make a credential */
      201: {
        headers: {
          'Idempotent-Replayed': components['headers']['IdempotentReplayed']
          Location: components['headers']['Location']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['Credential']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      409: components['responses']['Problem']
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  getCredential: {
    parameters: {
      query?: never
      header?: never
      path: {
        credential_id: string
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description A credential, and what names it */
      200: {
        headers: {
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['CredentialDetails']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  replaceCredential: {
    parameters: {
      query?: never
      header?: {
        /** @description A repeated request with the same key does nothing more and gets the first one's answer. */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey']
      }
      path: {
        credential_id: string
      }
      cookie?: never
    }
    requestBody: {
      content: {
        'application/json': components['schemas']['ReplaceCredential']
      }
    }
    responses: {
      /** @description Give it other fields, all of them */
      200: {
        headers: {
          'Idempotent-Replayed': components['headers']['IdempotentReplayed']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['Credential']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      409: components['responses']['Problem']
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  deleteCredential: {
    parameters: {
      query?: never
      header?: {
        /** @description A repeated request with the same key does nothing more and gets the first one's answer. */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey']
      }
      path: {
        credential_id: string
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Its secret is gone */
      204: {
        headers: {
          'Idempotent-Replayed': components['headers']['IdempotentReplayed']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content?: never
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      409: components['responses']['Problem']
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  renameCredential: {
    parameters: {
      query?: never
      header?: {
        /** @description A repeated request with the same key does nothing more and gets the first one's answer. */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey']
      }
      path: {
        credential_id: string
      }
      cookie?: never
    }
    requestBody: {
      content: {
        'application/json': components['schemas']['RenameCredential']
      }
    }
    responses: {
      /** @description Give it another name */
      200: {
        headers: {
          'Idempotent-Replayed': components['headers']['IdempotentReplayed']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['Credential']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      409: components['responses']['Problem']
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  testCredential: {
    parameters: {
      query?: never
      header?: {
        /** @description A repeated request with the same key does nothing more and gets the first one's answer. */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey']
      }
      path: {
        credential_id: string
      }
      cookie?: never
    }
    requestBody?: {
      content: {
        'application/json': components['schemas']['TestCredential']
      }
    }
    responses: {
      /** @description Try it at its provider, without doing anything there */
      200: {
        headers: {
          'Idempotent-Replayed': components['headers']['IdempotentReplayed']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['CredentialTest']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      409: components['responses']['Problem']
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  listCredentialUses: {
    parameters: {
      query?: {
        /** @description `next_cursor` of the page before. */
        cursor?: string
        /** @description Most items of the page: 1 to 100, 50 if absent. */
        limit?: number
      }
      header?: never
      path: {
        credential_id: string
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Executions that have used it, newest first */
      200: {
        headers: {
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['CredentialUsedPage']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  listDeletedLeads: {
    parameters: {
      query?: {
        /** @description `next_cursor` of the page before. */
        cursor?: string
        /** @description Most items of the page: 1 to 100, 50 if absent. */
        limit?: number
      }
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Leads that were deleted and can be restored, the newest made first */
      200: {
        headers: {
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['DeletedLeadPage']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  restoreLead: {
    parameters: {
      query?: never
      header?: {
        /** @description A repeated request with the same key does nothing more and gets the first one's answer. */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey']
      }
      path: {
        lead_id: string
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Have a deleted lead be as it was */
      200: {
        headers: {
          'Idempotent-Replayed': components['headers']['IdempotentReplayed']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['Lead']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      409: components['responses']['Problem']
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  listDeletedRecords: {
    parameters: {
      query?: {
        /** @description `next_cursor` of the page before. */
        cursor?: string
        /** @description Most items of the page: 1 to 100, 50 if absent. */
        limit?: number
      }
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Records that were deleted and can be restored, the newest made first */
      200: {
        headers: {
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['DeletedRecordPage']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  restoreRecord: {
    parameters: {
      query?: never
      header?: {
        /** @description A repeated request with the same key does nothing more and gets the first one's answer. */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey']
      }
      path: {
        record_id: string
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Have a deleted record be as it was */
      200: {
        headers: {
          ETag: components['headers']['ETag']
          'Idempotent-Replayed': components['headers']['IdempotentReplayed']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['Record']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      409: components['responses']['Problem']
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  listDeletedWorkflows: {
    parameters: {
      query?: {
        /** @description `next_cursor` of the page before. */
        cursor?: string
        /** @description Most items of the page: 1 to 100, 50 if absent. */
        limit?: number
      }
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Workflows that were deleted, the newest made first */
      200: {
        headers: {
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['DeletedWorkflowPage']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  restoreWorkflow: {
    parameters: {
      query?: never
      header?: {
        /** @description A repeated request with the same key does nothing more and gets the first one's answer. */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey']
      }
      path: {
        workflow_id: string
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Have a deleted workflow be as it was, with its triggers */
      200: {
        headers: {
          ETag: components['headers']['ETag']
          'Idempotent-Replayed': components['headers']['IdempotentReplayed']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['Workflow']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      409: components['responses']['Problem']
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  listEventTypes: {
    parameters: {
      query?: never
      header?: {
        /** @description The `ETag` that is known. */
        'If-None-Match'?: components['parameters']['IfNoneMatch']
      }
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Events that endpoints may get */
      200: {
        headers: {
          ETag: components['headers']['ETag']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['EventTypeList']
        }
      }
      /** @description Events that endpoints may get */
      304: {
        headers: {
          ETag: components['headers']['ETag']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content?: never
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  sendEvent: {
    parameters: {
      query?: never
      header?: {
        /** @description A repeated request with the same key does nothing more and gets the first one's answer. */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey']
      }
      path?: never
      cookie?: never
    }
    requestBody: {
      content: {
        'application/json': components['schemas']['NewEvent']
      }
    }
    responses: {
      /** @description Send a custom event; the same id is taken in once */
      202: {
        headers: {
          'Idempotent-Replayed': components['headers']['IdempotentReplayed']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['Event']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      409: components['responses']['Problem']
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  sendEvents: {
    parameters: {
      query?: never
      header?: {
        /** @description A repeated request with the same key does nothing more and gets the first one's answer. */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey']
      }
      path?: never
      cookie?: never
    }
    requestBody: {
      content: {
        'application/json': components['schemas']['NewEvents']
      }
    }
    responses: {
      /** @description Send many of them, all or none */
      202: {
        headers: {
          'Idempotent-Replayed': components['headers']['IdempotentReplayed']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['TakenEvents']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      409: components['responses']['Problem']
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  listExecutions: {
    parameters: {
      query?: {
        /** @description `next_cursor` of the page before. */
        cursor?: string
        /** @description The class of the error that it failed with, or is an incident for. */
        error_class?: string
        /** @description Begun then or later. */
        from?: string
        /** @description Most items of the page: 1 to 100, 50 if absent. */
        limit?: number
        parent_id?: string
        /**
         * @description Words, each in its input, output or error, or in a name of its workflow or of a node there; one of three characters or more
         *     may also begin there. Finds executions that have ended.
         */
        search?: string
        /** @description `pending, queued, running, waiting, paused, incident, completed, failed, cancelled`. */
        status?: string
        /** @description Begun before that. */
        to?: string
        trial?: 'true' | 'false' | 'any'
        version_id?: string
        workflow_id?: string
      }
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Executions, newest first */
      200: {
        headers: {
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['ExecutionSummaryPage']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  startExecution: {
    parameters: {
      query?: {
        /** @description How long to wait for the outcome, as `10s`. */
        wait?: string
      }
      header?: {
        /** @description A repeated request with the same key does nothing more and gets the first one's answer. */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey']
        /** @description `wait=10` waits so many seconds for the outcome (RFC 7240). */
        Prefer?: components['parameters']['Prefer']
      }
      path?: never
      cookie?: never
    }
    requestBody: {
      content: {
        'application/json': components['schemas']['NewExecution']
      }
    }
    responses: {
      /** @description Start an execution */
      200: {
        headers: {
          'Idempotent-Replayed': components['headers']['IdempotentReplayed']
          Location: components['headers']['Location']
          'Preference-Applied': components['headers']['PreferenceApplied']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['Outcome']
        }
      }
      /** @description Start an execution */
      202: {
        headers: {
          'Idempotent-Replayed': components['headers']['IdempotentReplayed']
          Location: components['headers']['Location']
          'Preference-Applied': components['headers']['PreferenceApplied']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['Started']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      409: components['responses']['Problem']
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  getExecution: {
    parameters: {
      query?: never
      header?: never
      path: {
        execution_id: string
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description An execution with its steps */
      200: {
        headers: {
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['ExecutionOrPending']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      409: components['responses']['Problem']
      410: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  answerApproval: {
    parameters: {
      query?: never
      header?: {
        /** @description A repeated request with the same key does nothing more and gets the first one's answer. */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey']
      }
      path: {
        execution_id: string
        node_id: string
      }
      cookie?: never
    }
    requestBody: {
      content: {
        'application/json': components['schemas']['NewAnswer']
      }
    }
    responses: {
      /** @description Answer an approval */
      202: {
        headers: {
          'Idempotent-Replayed': components['headers']['IdempotentReplayed']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['ApprovalAnswer']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      409: components['responses']['Problem']
      410: components['responses']['Problem']
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  cancelExecution: {
    parameters: {
      query?: never
      header?: {
        /** @description A repeated request with the same key does nothing more and gets the first one's answer. */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey']
      }
      path: {
        execution_id: string
      }
      cookie?: never
    }
    requestBody?: {
      content: {
        'application/json': components['schemas']['Cancel']
      }
    }
    responses: {
      /** @description Cancel it */
      202: {
        headers: {
          'Idempotent-Replayed': components['headers']['IdempotentReplayed']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['CancelTaken']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      409: components['responses']['Problem']
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  getTestCase: {
    parameters: {
      query?: never
      header?: never
      path: {
        execution_id: string
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description A case for `capstan test` */
      200: {
        headers: {
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['TestCase']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      409: components['responses']['Problem']
      410: components['responses']['Problem']
      422: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  followExecution: {
    parameters: {
      query?: never
      header?: {
        /** @description The last event that was seen: the stream goes on after it. */
        'Last-Event-ID'?: components['parameters']['LastEventId']
      }
      path: {
        execution_id: string
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description What happens to it, live */
      200: {
        headers: {
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'text/event-stream': unknown
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      409: components['responses']['Problem']
      410: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  explainExecution: {
    parameters: {
      query?: never
      header?: never
      path: {
        execution_id: string
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description What it waits for */
      200: {
        headers: {
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['Explanation']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      409: components['responses']['Problem']
      410: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  readLogs: {
    parameters: {
      query?: {
        after?: string
        /** @description Words, each in the line; one of three characters or more may also begin there. */
        search?: string
      }
      header?: never
      path: {
        execution_id: string
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Its log lines, oldest first */
      200: {
        headers: {
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['Logs']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      409: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  migrateExecution: {
    parameters: {
      query?: never
      header?: {
        /** @description A repeated request with the same key does nothing more and gets the first one's answer. */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey']
      }
      path: {
        execution_id: string
      }
      cookie?: never
    }
    requestBody?: {
      content: {
        'application/json': components['schemas']['Migrate']
      }
    }
    responses: {
      /** @description It goes on with another version, if that fits */
      200: {
        headers: {
          'Idempotent-Replayed': components['headers']['IdempotentReplayed']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['MigrationPlan']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      409: components['responses']['Problem']
      410: components['responses']['Problem']
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  pauseExecution: {
    parameters: {
      query?: never
      header?: {
        /** @description A repeated request with the same key does nothing more and gets the first one's answer. */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey']
      }
      path: {
        execution_id: string
      }
      cookie?: never
    }
    requestBody?: {
      content: {
        'application/json': components['schemas']['Order']
      }
    }
    responses: {
      /** @description Hold it up */
      202: {
        headers: {
          'Idempotent-Replayed': components['headers']['IdempotentReplayed']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['Paused']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      409: components['responses']['Problem']
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  resolveIncident: {
    parameters: {
      query?: never
      header?: {
        /** @description A repeated request with the same key does nothing more and gets the first one's answer. */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey']
      }
      path: {
        execution_id: string
      }
      cookie?: never
    }
    requestBody: {
      content: {
        'application/json': components['schemas']['Resolve']
      }
    }
    responses: {
      /** @description How an incident goes on */
      202: {
        headers: {
          'Idempotent-Replayed': components['headers']['IdempotentReplayed']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['Resolving']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      409: components['responses']['Problem']
      410: components['responses']['Problem']
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  restartExecution: {
    parameters: {
      query?: never
      header?: {
        /** @description A repeated request with the same key does nothing more and gets the first one's answer. */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey']
      }
      path: {
        execution_id: string
      }
      cookie?: never
    }
    requestBody: {
      content: {
        'application/json': components['schemas']['Restart']
      }
    }
    responses: {
      /** @description A new execution that begins with what this one had done */
      200: {
        headers: {
          'Idempotent-Replayed': components['headers']['IdempotentReplayed']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['RestartPlan']
        }
      }
      /** @description A new execution that begins with what this one had done */
      202: {
        headers: {
          'Idempotent-Replayed': components['headers']['IdempotentReplayed']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['RestartPlan']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      409: components['responses']['Problem']
      410: components['responses']['Problem']
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  resumeExecution: {
    parameters: {
      query?: never
      header?: {
        /** @description A repeated request with the same key does nothing more and gets the first one's answer. */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey']
      }
      path: {
        execution_id: string
      }
      cookie?: never
    }
    requestBody?: {
      content: {
        'application/json': components['schemas']['Order']
      }
    }
    responses: {
      /** @description Have it go on */
      202: {
        headers: {
          'Idempotent-Replayed': components['headers']['IdempotentReplayed']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content?: never
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      409: components['responses']['Problem']
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  retryNow: {
    parameters: {
      query?: never
      header?: {
        /** @description A repeated request with the same key does nothing more and gets the first one's answer. */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey']
      }
      path: {
        execution_id: string
      }
      cookie?: never
    }
    requestBody?: {
      content: {
        'application/json': components['schemas']['RetryNow']
      }
    }
    responses: {
      /** @description Steps that wait for their next attempt go on at once */
      202: {
        headers: {
          'Idempotent-Replayed': components['headers']['IdempotentReplayed']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['SignalTaken']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      409: components['responses']['Problem']
      410: components['responses']['Problem']
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  sendSignal: {
    parameters: {
      query?: never
      header?: {
        /** @description A repeated request with the same key does nothing more and gets the first one's answer. */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey']
      }
      path: {
        execution_id: string
        name: string
      }
      cookie?: never
    }
    requestBody?: {
      content: {
        'application/json': unknown
      }
    }
    responses: {
      /** @description Send it a signal; the body is its payload */
      202: {
        headers: {
          'Idempotent-Replayed': components['headers']['IdempotentReplayed']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['SignalTaken']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      409: components['responses']['Problem']
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  readTimeline: {
    parameters: {
      query?: {
        /** @description Only steps of this node. */
        node_id?: string
      }
      header?: never
      path: {
        execution_id: string
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Attempts and waits of its steps */
      200: {
        headers: {
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['Timeline']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      409: components['responses']['Problem']
      410: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  previewExpression: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody: {
      content: {
        'application/json': components['schemas']['PreviewExpression']
      }
    }
    responses: {
      /** @description What an expression comes to with given data */
      200: {
        headers: {
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['PreviewedExpression']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  listForms: {
    parameters: {
      query?: {
        /** @description The path to go on behind, as `next` told it. */
        after?: string
      }
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Forms that answer, by their paths */
      200: {
        headers: {
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['Forms']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  getHealth: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Whether the process and its database answer; also at `/healthz` */
      200: {
        headers: {
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['Health']
        }
      }
      400: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  listHookSecrets: {
    parameters: {
      query?: {
        /** @description `next_cursor` of the page before. */
        cursor?: string
        /** @description Most items of the page: 1 to 100, 50 if absent. */
        limit?: number
      }
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Secrets that hooks verify with, newest first, without the secrets */
      200: {
        headers: {
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['HookSecretPage']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  addHookSecret: {
    parameters: {
      query?: never
      header?: {
        /** @description A repeated request with the same key does nothing more and gets the first one's answer. */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey']
      }
      path?: never
      cookie?: never
    }
    requestBody: {
      content: {
        'application/json': components['schemas']['NewHookSecret']
      }
    }
    responses: {
      /** @description Add a secret; others of its name stay good for a while */
      201: {
        headers: {
          'Idempotent-Replayed': components['headers']['IdempotentReplayed']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['HookSecret']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      409: components['responses']['Problem']
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  removeHookSecret: {
    parameters: {
      query?: never
      header?: {
        /** @description A repeated request with the same key does nothing more and gets the first one's answer. */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey']
      }
      path: {
        hook_secret_id: string
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Calls that are signed with it are refused */
      204: {
        headers: {
          'Idempotent-Replayed': components['headers']['IdempotentReplayed']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content?: never
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      409: components['responses']['Problem']
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  listIdentities: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Who one is at login providers */
      200: {
        headers: {
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['IdentityList']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  unlinkIdentity: {
    parameters: {
      query?: never
      header?: {
        /** @description A repeated request with the same key does nothing more and gets the first one's answer. */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey']
      }
      path: {
        identity_id: string
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description No longer be that one */
      204: {
        headers: {
          'Idempotent-Replayed': components['headers']['IdempotentReplayed']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content?: never
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      409: components['responses']['Problem']
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  listInvitations: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Invitations that are open */
      200: {
        headers: {
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['InvitationList']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  invite: {
    parameters: {
      query?: never
      header?: {
        /** @description A repeated request with the same key does nothing more and gets the first one's answer. */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey']
      }
      path?: never
      cookie?: never
    }
    requestBody: {
      content: {
        'application/json': components['schemas']['NewInvitation']
      }
    }
    responses: {
      /** @description Invite somebody by mail; once more renews it */
      201: {
        headers: {
          'Idempotent-Replayed': components['headers']['IdempotentReplayed']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['Invitation']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      409: components['responses']['Problem']
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  revokeInvitation: {
    parameters: {
      query?: never
      header?: {
        /** @description A repeated request with the same key does nothing more and gets the first one's answer. */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey']
      }
      path: {
        invitation_id: string
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Its link opens nothing any more */
      204: {
        headers: {
          'Idempotent-Replayed': components['headers']['IdempotentReplayed']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content?: never
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      409: components['responses']['Problem']
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  acceptInvitation: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody: {
      content: {
        'application/json': components['schemas']['AcceptInvitation']
      }
    }
    responses: {
      /** @description Join a workspace, as a new user or as oneself */
      200: {
        headers: {
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'Set-Cookie': components['headers']['SetCookie']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['Me']
        }
      }
      /** @description Join a workspace, as a new user or as oneself */
      201: {
        headers: {
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'Set-Cookie': components['headers']['SetCookie']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['Me']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      409: components['responses']['Problem']
      410: components['responses']['Problem']
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  getPublicKeys: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description The keys that tokens are verified with, as a JWK set */
      200: {
        headers: {
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['PublicKeys']
        }
      }
      400: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  listKeys: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description API keys, newest first, without the keys themselves */
      200: {
        headers: {
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['ApiKeyList']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  createKey: {
    parameters: {
      query?: never
      header?: {
        /** @description A repeated request with the same key does nothing more and gets the first one's answer. */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey']
      }
      path?: never
      cookie?: never
    }
    requestBody: {
      content: {
        'application/json': components['schemas']['NewApiKey']
      }
    }
    responses: {
      /** @description Make an API key, which is told this once */
      201: {
        headers: {
          'Idempotent-Replayed': components['headers']['IdempotentReplayed']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['MadeApiKey']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      409: components['responses']['Problem']
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  revokeKey: {
    parameters: {
      query?: never
      header?: {
        /** @description A repeated request with the same key does nothing more and gets the first one's answer. */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey']
      }
      path: {
        key_id: string
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description It opens nothing any more */
      204: {
        headers: {
          'Idempotent-Replayed': components['headers']['IdempotentReplayed']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content?: never
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      409: components['responses']['Problem']
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  getLeadBoard: {
    parameters: {
      query?: {
        /** @description Leads of each column, 20 if absent. */
        limit?: number
        /** @description Words, each of which begins one of name, company, address or number. */
        q?: string
        /** @description From there. */
        source?: string
      }
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Leads by state */
      200: {
        headers: {
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['LeadBoard']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  listLeadFields: {
    parameters: {
      query?: never
      header?: {
        /** @description The `ETag` that is known. */
        'If-None-Match'?: components['parameters']['IfNoneMatch']
      }
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Custom fields of leads */
      200: {
        headers: {
          ETag: components['headers']['ETag']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['LeadFieldList']
        }
      }
      /** @description Custom fields of leads */
      304: {
        headers: {
          ETag: components['headers']['ETag']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content?: never
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  putLeadField: {
    parameters: {
      query?: never
      header?: {
        /** @description A repeated request with the same key does nothing more and gets the first one's answer. */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey']
      }
      path: {
        name: string
      }
      cookie?: never
    }
    requestBody: {
      content: {
        'application/json': components['schemas']['LeadFieldWish']
      }
    }
    responses: {
      /** @description Define one, or change what it is called */
      200: {
        headers: {
          'Idempotent-Replayed': components['headers']['IdempotentReplayed']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['LeadField']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      409: components['responses']['Problem']
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  getLeadPipeline: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description The states of leads, and the ways between them */
      200: {
        headers: {
          ETag: components['headers']['ETag']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['LeadPipeline']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  putLeadPipeline: {
    parameters: {
      query?: never
      header: {
        /** @description A repeated request with the same key does nothing more and gets the first one's answer. */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey']
        /** @description The `ETag` that was read. */
        'If-Match': components['parameters']['IfMatch']
      }
      path?: never
      cookie?: never
    }
    requestBody: {
      content: {
        'application/json': components['schemas']['PipelineWish']
      }
    }
    responses: {
      /** @description Replace them */
      200: {
        headers: {
          ETag: components['headers']['ETag']
          'Idempotent-Replayed': components['headers']['IdempotentReplayed']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['LeadPipeline']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      409: components['responses']['Problem']
      412: components['responses']['Problem']
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      428: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  listLeadSources: {
    parameters: {
      query?: never
      header?: {
        /** @description The `ETag` that is known. */
        'If-None-Match'?: components['parameters']['IfNoneMatch']
      }
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Where leads come from */
      200: {
        headers: {
          ETag: components['headers']['ETag']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['LeadSourceList']
        }
      }
      /** @description Where leads come from */
      304: {
        headers: {
          ETag: components['headers']['ETag']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content?: never
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  listLeads: {
    parameters: {
      query?: {
        /** @description `next_cursor` of the page before. */
        cursor?: string
        /** @description With this address, whatever the case. */
        email?: string
        /** @description A custom field that has the `value`. */
        field?: string
        /** @description In a state of this kind: `open`, `won`, which clients are in, or `lost`. */
        kind?: string
        /** @description Most items of the page: 1 to 100, 50 if absent. */
        limit?: number
        /** @description Words, each of which begins one of name, company, address or number. */
        q?: string
        /** @description From there. */
        source?: string
        /** @description In this state. */
        status?: string
        value?: string
      }
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Leads, newest first */
      200: {
        headers: {
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['LeadPage']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  createLead: {
    parameters: {
      query?: never
      header?: {
        /** @description A repeated request with the same key does nothing more and gets the first one's answer. */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey']
      }
      path?: never
      cookie?: never
    }
    requestBody: {
      content: {
        'application/json': components['schemas']['NewLead']
      }
    }
    responses: {
      /** @description Make a lead */
      201: {
        headers: {
          'Idempotent-Replayed': components['headers']['IdempotentReplayed']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['Lead']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      409: components['responses']['Problem']
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  getLead: {
    parameters: {
      query?: never
      header?: never
      path: {
        lead_id: string
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description A lead */
      200: {
        headers: {
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['Lead']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  deleteLead: {
    parameters: {
      query?: never
      header?: {
        /** @description A repeated request with the same key does nothing more and gets the first one's answer. */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey']
      }
      path: {
        lead_id: string
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Hide a lead; its e-mail address is free again */
      204: {
        headers: {
          'Idempotent-Replayed': components['headers']['IdempotentReplayed']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content?: never
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      409: components['responses']['Problem']
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  updateLead: {
    parameters: {
      query?: never
      header?: {
        /** @description A repeated request with the same key does nothing more and gets the first one's answer. */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey']
      }
      path: {
        lead_id: string
      }
      cookie?: never
    }
    requestBody: {
      content: {
        'application/json': components['schemas']['LeadChange']
      }
    }
    responses: {
      /** @description Change a lead */
      200: {
        headers: {
          'Idempotent-Replayed': components['headers']['IdempotentReplayed']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['Lead']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      409: components['responses']['Problem']
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  listLeadEvents: {
    parameters: {
      query?: {
        /** @description `next_cursor` of the page before. */
        cursor?: string
        /** @description Most items of the page: 1 to 100, 50 if absent. */
        limit?: number
      }
      header?: never
      path: {
        lead_id: string
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description What was done to a lead, newest first */
      200: {
        headers: {
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['LeadEventPage']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  noteLeadEvent: {
    parameters: {
      query?: never
      header?: {
        /** @description A repeated request with the same key does nothing more and gets the first one's answer. */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey']
      }
      path: {
        lead_id: string
      }
      cookie?: never
    }
    requestBody: {
      content: {
        'application/json': components['schemas']['LeadNote']
      }
    }
    responses: {
      /** @description Note an e-mail, a call, a meeting, or anything else */
      201: {
        headers: {
          'Idempotent-Replayed': components['headers']['IdempotentReplayed']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['LeadEvent']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      409: components['responses']['Problem']
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  setLeadStatus: {
    parameters: {
      query?: never
      header?: {
        /** @description A repeated request with the same key does nothing more and gets the first one's answer. */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey']
      }
      path: {
        lead_id: string
      }
      cookie?: never
    }
    requestBody: {
      content: {
        'application/json': components['schemas']['LeadMove']
      }
    }
    responses: {
      /** @description Move a lead in the pipeline */
      200: {
        headers: {
          'Idempotent-Replayed': components['headers']['IdempotentReplayed']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['Lead']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      409: components['responses']['Problem']
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  listLimits: {
    parameters: {
      query?: never
      header?: {
        /** @description The `ETag` that is known. */
        'If-None-Match'?: components['parameters']['IfNoneMatch']
      }
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Limits on how many executions are at work, and how many are */
      200: {
        headers: {
          ETag: components['headers']['ETag']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['LimitList']
        }
      }
      /** @description Limits on how many executions are at work, and how many are */
      304: {
        headers: {
          ETag: components['headers']['ETag']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content?: never
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  setWorkspaceLimit: {
    parameters: {
      query?: never
      header?: {
        /** @description A repeated request with the same key does nothing more and gets the first one's answer. */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey']
      }
      path?: never
      cookie?: never
    }
    requestBody: {
      content: {
        'application/json': components['schemas']['NewLimit']
      }
    }
    responses: {
      /** @description How many executions of the workspace are at work at a time */
      204: {
        headers: {
          'Idempotent-Replayed': components['headers']['IdempotentReplayed']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content?: never
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      409: components['responses']['Problem']
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  removeWorkspaceLimit: {
    parameters: {
      query?: never
      header?: {
        /** @description A repeated request with the same key does nothing more and gets the first one's answer. */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey']
      }
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Have no such limit */
      204: {
        headers: {
          'Idempotent-Replayed': components['headers']['IdempotentReplayed']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content?: never
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      409: components['responses']['Problem']
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  listLoginProviders: {
    parameters: {
      query?: never
      header?: {
        /** @description The `ETag` that is known. */
        'If-None-Match'?: components['parameters']['IfNoneMatch']
      }
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Where people may log in beside here */
      200: {
        headers: {
          ETag: components['headers']['ETag']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['ProviderViewList']
        }
      }
      /** @description Where people may log in beside here */
      304: {
        headers: {
          ETag: components['headers']['ETag']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content?: never
      }
      400: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  searchLogs: {
    parameters: {
      query?: {
        /** @description `next_cursor` of the page before. */
        cursor?: string
        /** @description Begun then or later. */
        from?: string
        /** @description Most items of the page: 1 to 100, 50 if absent. */
        limit?: number
        /** @description Words, all of them in one line; one of three characters or more may also begin there. Finds lines of executions that have ended. */
        search?: string
        /** @description Begun before that. */
        to?: string
      }
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Executions in whose logs words are, newest first, with these lines */
      200: {
        headers: {
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['FoundLogPage']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  lookAtMailLink: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody: {
      content: {
        'application/json': components['schemas']['LookAtLink']
      }
    }
    responses: {
      /** @description What a link in a mail is for; changes nothing */
      200: {
        headers: {
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['MailLink']
        }
      }
      400: components['responses']['Problem']
      403: components['responses']['Problem']
      410: components['responses']['Problem']
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  getMe: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Who the request comes from, and what it may do */
      200: {
        headers: {
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['Me']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  renameMe: {
    parameters: {
      query?: never
      header?: {
        /** @description A repeated request with the same key does nothing more and gets the first one's answer. */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey']
      }
      path?: never
      cookie?: never
    }
    requestBody: {
      content: {
        'application/json': components['schemas']['ChangeMe']
      }
    }
    responses: {
      /** @description Have another name */
      204: {
        headers: {
          'Idempotent-Replayed': components['headers']['IdempotentReplayed']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content?: never
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      409: components['responses']['Problem']
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  changePassword: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody: {
      content: {
        'application/json': components['schemas']['ChangePassword']
      }
    }
    responses: {
      /** @description Have another password; all other sessions end */
      204: {
        headers: {
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'Set-Cookie': components['headers']['SetCookie']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content?: never
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  listMembers: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Who belongs to the workspace */
      200: {
        headers: {
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['MemberList']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  changeMember: {
    parameters: {
      query?: never
      header?: {
        /** @description A repeated request with the same key does nothing more and gets the first one's answer. */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey']
      }
      path: {
        user_id: string
      }
      cookie?: never
    }
    requestBody: {
      content: {
        'application/json': components['schemas']['ChangeMember']
      }
    }
    responses: {
      /** @description Give somebody another role */
      204: {
        headers: {
          'Idempotent-Replayed': components['headers']['IdempotentReplayed']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content?: never
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      409: components['responses']['Problem']
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  removeMember: {
    parameters: {
      query?: never
      header?: {
        /** @description A repeated request with the same key does nothing more and gets the first one's answer. */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey']
      }
      path: {
        user_id: string
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Have somebody belong to it no more */
      204: {
        headers: {
          'Idempotent-Replayed': components['headers']['IdempotentReplayed']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content?: never
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      409: components['responses']['Problem']
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  leaveWorkspace: {
    parameters: {
      query?: never
      header?: {
        /** @description A repeated request with the same key does nothing more and gets the first one's answer. */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey']
      }
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Belong to it no more */
      204: {
        headers: {
          'Idempotent-Replayed': components['headers']['IdempotentReplayed']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content?: never
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      409: components['responses']['Problem']
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  listNodeTypes: {
    parameters: {
      query?: never
      header?: {
        /** @description The `ETag` that is known. */
        'If-None-Match'?: components['parameters']['IfNoneMatch']
      }
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description The palette: every node type with its schema */
      200: {
        headers: {
          ETag: components['headers']['ETag']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['NodeTypeList']
        }
      }
      /** @description The palette: every node type with its schema */
      304: {
        headers: {
          ETag: components['headers']['ETag']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content?: never
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  listNotificationPreferences: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Of which kinds of news one is mailed */
      200: {
        headers: {
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['NotificationPreferenceList']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  setNotificationPreference: {
    parameters: {
      query?: never
      header?: {
        /** @description A repeated request with the same key does nothing more and gets the first one's answer. */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey']
      }
      path: {
        kind: string
      }
      cookie?: never
    }
    requestBody: {
      content: {
        'application/json': components['schemas']['NotificationWish']
      }
    }
    responses: {
      /** @description Say whether to be mailed of a kind */
      200: {
        headers: {
          'Idempotent-Replayed': components['headers']['IdempotentReplayed']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['NotificationPreference']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      409: components['responses']['Problem']
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  listNotifications: {
    parameters: {
      query?: {
        /** @description `next_cursor` of the page before. */
        cursor?: string
        /** @description Most items of the page: 1 to 100, 50 if absent. */
        limit?: number
        /** @description `true` for those that are not read. */
        unread?: string
      }
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description What one was told, newest first */
      200: {
        headers: {
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['Notifications']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  readNotifications: {
    parameters: {
      query?: never
      header?: {
        /** @description A repeated request with the same key does nothing more and gets the first one's answer. */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey']
      }
      path?: never
      cookie?: never
    }
    requestBody?: {
      content: {
        'application/json': components['schemas']['ReadNotifications']
      }
    }
    responses: {
      /** @description Mark some as read, or all */
      200: {
        headers: {
          'Idempotent-Replayed': components['headers']['IdempotentReplayed']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['Unread']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      409: components['responses']['Problem']
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  getOpenApi: {
    parameters: {
      query?: never
      header?: {
        /** @description The `ETag` that is known. */
        'If-None-Match'?: components['parameters']['IfNoneMatch']
      }
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description This document */
      200: {
        headers: {
          ETag: components['headers']['ETag']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': {
            [key: string]: unknown
          }
        }
      }
      /** @description This document */
      304: {
        headers: {
          ETag: components['headers']['ETag']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content?: never
      }
      400: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  getOperation: {
    parameters: {
      query?: never
      header?: never
      path: {
        operation_id: string
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description How far it is */
      200: {
        headers: {
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['Operation']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  retryOperation: {
    parameters: {
      query?: never
      header?: {
        /** @description A repeated request with the same key does nothing more and gets the first one's answer. */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey']
      }
      path: {
        operation_id: string
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Let one that failed go on at the step where it did */
      200: {
        headers: {
          'Idempotent-Replayed': components['headers']['IdempotentReplayed']
          Location: components['headers']['Location']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['Operation']
        }
      }
      /** @description Let one that failed go on at the step where it did */
      202: {
        headers: {
          'Idempotent-Replayed': components['headers']['IdempotentReplayed']
          Location: components['headers']['Location']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['Operation']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      409: components['responses']['Problem']
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  forgotPassword: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody: {
      content: {
        'application/json': components['schemas']['ForgotPassword']
      }
    }
    responses: {
      /** @description Ask for a mail to choose another password with */
      202: {
        headers: {
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['Nothing']
        }
      }
      400: components['responses']['Problem']
      403: components['responses']['Problem']
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  resetPassword: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody: {
      content: {
        'application/json': components['schemas']['ResetPassword']
      }
    }
    responses: {
      /** @description Choose another password; all sessions end */
      204: {
        headers: {
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content?: never
      }
      400: components['responses']['Problem']
      403: components['responses']['Problem']
      410: components['responses']['Problem']
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  listPauses: {
    parameters: {
      query?: {
        /** @description `next_cursor` of the page before. */
        cursor?: string
        /** @description Most items of the page: 1 to 100, 50 if absent. */
        limit?: number
      }
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description What is paused, by whom, why and since when */
      200: {
        headers: {
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['PausePage']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  listPersonJobs: {
    parameters: {
      query?: {
        /** @description `next_cursor` of the page before. */
        cursor?: string
        /** @description Most items of the page: 1 to 100, 50 if absent. */
        limit?: number
      }
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Exports and erasures of persons, newest first */
      200: {
        headers: {
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['PersonJobPage']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  createPersonJob: {
    parameters: {
      query?: never
      header?: {
        /** @description A repeated request with the same key does nothing more and gets the first one's answer. */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey']
      }
      path?: never
      cookie?: never
    }
    requestBody: {
      content: {
        'application/json': components['schemas']['NewPersonJob']
      }
    }
    responses: {
      /** @description Export or erase what is held about a person */
      202: {
        headers: {
          'Idempotent-Replayed': components['headers']['IdempotentReplayed']
          Location: components['headers']['Location']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['PersonJob']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      409: components['responses']['Problem']
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  getPersonJob: {
    parameters: {
      query?: never
      header?: never
      path: {
        person_job_id: string
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description An export or erasure of a person, and how far it is */
      200: {
        headers: {
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['PersonJob']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  getPersonJobLines: {
    parameters: {
      query?: {
        /** @description The number of the last line that was read. */
        after?: string
      }
      header?: never
      path: {
        person_job_id: string
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description What an export found, a line of JSON each */
      200: {
        headers: {
          Link: components['headers']['Link']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/x-ndjson': unknown
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      409: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  listPlatformChanges: {
    parameters: {
      query?: {
        /** @description `next_cursor` of the page before. */
        cursor?: string
        /** @description Most items of the page: 1 to 100, 50 if absent. */
        limit?: number
      }
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Changes of settings, and of what is assigned to workspaces */
      200: {
        headers: {
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['PlatformChangePage']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  listBillingEvents: {
    parameters: {
      query?: {
        /** @description `next_cursor` of the page before. */
        cursor?: string
        /** @description Most items of the page: 1 to 100, 50 if absent. */
        limit?: number
        outcome?: string
      }
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Events that somebody has to look at, or those with an outcome */
      200: {
        headers: {
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['BillingEventPage']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  listBillingPrices: {
    parameters: {
      query?: never
      header?: {
        /** @description The `ETag` that is known. */
        'If-None-Match'?: components['parameters']['IfNoneMatch']
      }
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Which price or product is paid for which plan */
      200: {
        headers: {
          ETag: components['headers']['ETag']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['BillingPriceList']
        }
      }
      /** @description Which price or product is paid for which plan */
      304: {
        headers: {
          ETag: components['headers']['ETag']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content?: never
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  setBillingPrice: {
    parameters: {
      query?: never
      header?: {
        /** @description A repeated request with the same key does nothing more and gets the first one's answer. */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey']
      }
      path: {
        price: string
      }
      cookie?: never
    }
    requestBody: {
      content: {
        'application/json': components['schemas']['SetPrice']
      }
    }
    responses: {
      /** @description Have it stand for a plan; those who pay it get that plan */
      200: {
        headers: {
          'Idempotent-Replayed': components['headers']['IdempotentReplayed']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['BillingPrice']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      409: components['responses']['Problem']
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  removeBillingPrice: {
    parameters: {
      query?: never
      header?: {
        /** @description A repeated request with the same key does nothing more and gets the first one's answer. */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey']
      }
      path: {
        price: string
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Have it stand for no plan */
      204: {
        headers: {
          'Idempotent-Replayed': components['headers']['IdempotentReplayed']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content?: never
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      409: components['responses']['Problem']
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  listDatabaseServers: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Servers that dedicated workspaces may be on */
      200: {
        headers: {
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['DatabaseServerList']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  createDatabaseServer: {
    parameters: {
      query?: never
      header?: {
        /** @description A repeated request with the same key does nothing more and gets the first one's answer. */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey']
      }
      path?: never
      cookie?: never
    }
    requestBody: {
      content: {
        'application/json': components['schemas']['DatabaseServerWish']
      }
    }
    responses: {
      /** @description Make a server known; it has to be checked then */
      201: {
        headers: {
          'Idempotent-Replayed': components['headers']['IdempotentReplayed']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['DatabaseServer']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      409: components['responses']['Problem']
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  getDatabaseServer: {
    parameters: {
      query?: never
      header?: never
      path: {
        server_id: string
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description A server, and what its last check has found */
      200: {
        headers: {
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['DatabaseServer']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  changeDatabaseServer: {
    parameters: {
      query?: never
      header?: {
        /** @description A repeated request with the same key does nothing more and gets the first one's answer. */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey']
      }
      path: {
        server_id: string
      }
      cookie?: never
    }
    requestBody: {
      content: {
        'application/json': components['schemas']['DatabaseServerWish']
      }
    }
    responses: {
      /** @description Change it; it has to be checked again then */
      200: {
        headers: {
          'Idempotent-Replayed': components['headers']['IdempotentReplayed']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['DatabaseServer']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      409: components['responses']['Problem']
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  deleteDatabaseServer: {
    parameters: {
      query?: never
      header?: {
        /** @description A repeated request with the same key does nothing more and gets the first one's answer. */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey']
      }
      path: {
        server_id: string
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Forget a server that nothing is on */
      204: {
        headers: {
          'Idempotent-Replayed': components['headers']['IdempotentReplayed']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content?: never
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      409: components['responses']['Problem']
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  checkDatabaseServer: {
    parameters: {
      query?: never
      header?: {
        /** @description A repeated request with the same key does nothing more and gets the first one's answer. */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey']
      }
      path: {
        server_id: string
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Connect to it, and say what is wrong with it */
      200: {
        headers: {
          'Idempotent-Replayed': components['headers']['IdempotentReplayed']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['DatabaseServer']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      409: components['responses']['Problem']
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  listDuties: {
    parameters: {
      query?: {
        /** @description `next_cursor` of the page before. */
        cursor?: string
        /** @description Most dedicated cells of the page: 1 to 100, 50 if absent. */
        limit?: number
      }
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Duties of upkeep, and what the database says of how it is used */
      200: {
        headers: {
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['Upkeep']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  getPlatformHealth: {
    parameters: {
      query?: {
        /** @description How far back: 1 to 336, 24 if absent. */
        hours?: string
      }
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description How the first cell, its fleet and its database are and were */
      200: {
        headers: {
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['PlatformHealth']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  listPages: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Parts of the product that workspaces can have */
      200: {
        headers: {
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['ProductPageList']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  listPlatformSettings: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Settings of the platform, and what holds */
      200: {
        headers: {
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['PlatformSettingList']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  setPlatformSetting: {
    parameters: {
      query?: never
      header?: {
        /** @description A repeated request with the same key does nothing more and gets the first one's answer. */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey']
      }
      path: {
        name: string
      }
      cookie?: never
    }
    requestBody: {
      content: {
        'application/json': components['schemas']['SetSetting']
      }
    }
    responses: {
      /** @description Set one; it holds in all processes within seconds */
      200: {
        headers: {
          'Idempotent-Replayed': components['headers']['IdempotentReplayed']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['PlatformSetting']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      409: components['responses']['Problem']
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  removePlatformSetting: {
    parameters: {
      query?: never
      header?: {
        /** @description A repeated request with the same key does nothing more and gets the first one's answer. */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey']
      }
      path: {
        name: string
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Let one be as the environment of the processes says */
      200: {
        headers: {
          'Idempotent-Replayed': components['headers']['IdempotentReplayed']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['PlatformSetting']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      409: components['responses']['Problem']
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  listTenants: {
    parameters: {
      query?: {
        /** @description `next_cursor` of the page before. */
        cursor?: string
        /** @description Most items of the page: 1 to 100, 50 if absent. */
        limit?: number
        q?: string
        state?: string
      }
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Workspaces, newest first */
      200: {
        headers: {
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['TenantPage']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  createTenant: {
    parameters: {
      query?: never
      header?: {
        /** @description A repeated request with the same key does nothing more and gets the first one's answer. */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey']
      }
      path?: never
      cookie?: never
    }
    requestBody: {
      content: {
        'application/json': components['schemas']['WorkspaceWish']
      }
    }
    responses: {
      /** @description Make a workspace for somebody; the same key is the same operation */
      200: {
        headers: {
          Location: components['headers']['Location']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['Operation']
        }
      }
      /** @description Make a workspace for somebody; the same key is the same operation */
      202: {
        headers: {
          Location: components['headers']['Location']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['Operation']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      409: components['responses']['Problem']
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  getTenant: {
    parameters: {
      query?: never
      header?: never
      path: {
        workspace_id: string
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description A workspace with its history */
      200: {
        headers: {
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['TenantDetails']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  archiveTenant: {
    parameters: {
      query?: never
      header?: {
        /** @description A repeated request with the same key does nothing more and gets the first one's answer. */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey']
      }
      path: {
        workspace_id: string
      }
      cookie?: never
    }
    requestBody?: {
      content: {
        'application/json': components['schemas']['MoveTenant']
      }
    }
    responses: {
      /** @description It can be read, and is never changed again */
      200: {
        headers: {
          'Idempotent-Replayed': components['headers']['IdempotentReplayed']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['Tenant']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      409: components['responses']['Problem']
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  getTenantBilling: {
    parameters: {
      query?: never
      header?: never
      path: {
        workspace_id: string
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description What the provider of payments says of a workspace */
      200: {
        headers: {
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['BillingDetails']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  linkTenantCustomer: {
    parameters: {
      query?: never
      header?: {
        /** @description A repeated request with the same key does nothing more and gets the first one's answer. */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey']
      }
      path: {
        workspace_id: string
      }
      cookie?: never
    }
    requestBody: {
      content: {
        'application/json': components['schemas']['LinkCustomer']
      }
    }
    responses: {
      /** @description Say which customer pays for a workspace */
      200: {
        headers: {
          'Idempotent-Replayed': components['headers']['IdempotentReplayed']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['BillingDetails']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      409: components['responses']['Problem']
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  getTenantPages: {
    parameters: {
      query?: never
      header?: never
      path: {
        workspace_id: string
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Which pages a workspace has */
      200: {
        headers: {
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['AssignedPages']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  assignTenantPages: {
    parameters: {
      query?: never
      header?: {
        /** @description A repeated request with the same key does nothing more and gets the first one's answer. */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey']
      }
      path: {
        workspace_id: string
      }
      cookie?: never
    }
    requestBody: {
      content: {
        'application/json': components['schemas']['AssignPages']
      }
    }
    responses: {
      /** @description Assign pages to a workspace; routes of others refuse within seconds */
      200: {
        headers: {
          'Idempotent-Replayed': components['headers']['IdempotentReplayed']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['AssignedPages']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      409: components['responses']['Problem']
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  resumeTenant: {
    parameters: {
      query?: never
      header?: {
        /** @description A repeated request with the same key does nothing more and gets the first one's answer. */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey']
      }
      path: {
        workspace_id: string
      }
      cookie?: never
    }
    requestBody?: {
      content: {
        'application/json': components['schemas']['MoveTenant']
      }
    }
    responses: {
      /** @description What was held up goes on */
      200: {
        headers: {
          'Idempotent-Replayed': components['headers']['IdempotentReplayed']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['Tenant']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      409: components['responses']['Problem']
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  suspendTenant: {
    parameters: {
      query?: never
      header?: {
        /** @description A repeated request with the same key does nothing more and gets the first one's answer. */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey']
      }
      path: {
        workspace_id: string
      }
      cookie?: never
    }
    requestBody?: {
      content: {
        'application/json': components['schemas']['MoveTenant']
      }
    }
    responses: {
      /** @description Nobody gets in, and nothing of it runs, until it is resumed */
      200: {
        headers: {
          'Idempotent-Replayed': components['headers']['IdempotentReplayed']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['Tenant']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      409: components['responses']['Problem']
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  listTenantMoves: {
    parameters: {
      query?: never
      header?: {
        /** @description The `ETag` that is known. */
        'If-None-Match'?: components['parameters']['IfNoneMatch']
      }
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Which moves of workspaces there are */
      200: {
        headers: {
          ETag: components['headers']['ETag']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['TenantMoveList']
        }
      }
      /** @description Which moves of workspaces there are */
      304: {
        headers: {
          ETag: components['headers']['ETag']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content?: never
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  getReadiness: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Whether the process takes requests, and is not about to stop; also at `/readyz` */
      200: {
        headers: {
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['Readiness']
        }
      }
      400: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  listRecordTypes: {
    parameters: {
      query?: never
      header?: {
        /** @description The `ETag` that is known. */
        'If-None-Match'?: components['parameters']['IfNoneMatch']
      }
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Types of records */
      200: {
        headers: {
          ETag: components['headers']['ETag']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['RecordTypeList']
        }
      }
      /** @description Types of records */
      304: {
        headers: {
          ETag: components['headers']['ETag']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content?: never
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  getRecordType: {
    parameters: {
      query?: never
      header?: never
      path: {
        name: string
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description A type: states, and the ways between them */
      200: {
        headers: {
          ETag: components['headers']['ETag']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['RecordType']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  putRecordType: {
    parameters: {
      query?: never
      header?: {
        /** @description A repeated request with the same key does nothing more and gets the first one's answer. */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey']
        /** @description The `ETag` that was read: without it, it is not looked at. */
        'If-Match'?: components['parameters']['MayMatch']
      }
      path: {
        name: string
      }
      cookie?: never
    }
    requestBody: {
      content: {
        'application/json': components['schemas']['RecordTypeWish']
      }
    }
    responses: {
      /** @description Define one, or replace one */
      200: {
        headers: {
          ETag: components['headers']['ETag']
          'Idempotent-Replayed': components['headers']['IdempotentReplayed']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['RecordType']
        }
      }
      /** @description Define one, or replace one */
      201: {
        headers: {
          ETag: components['headers']['ETag']
          'Idempotent-Replayed': components['headers']['IdempotentReplayed']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['RecordType']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      409: components['responses']['Problem']
      412: components['responses']['Problem']
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      428: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  deleteRecordType: {
    parameters: {
      query?: never
      header?: {
        /** @description A repeated request with the same key does nothing more and gets the first one's answer. */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey']
      }
      path: {
        name: string
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Delete one that no record is of, or have the shipped one hold again */
      204: {
        headers: {
          'Idempotent-Replayed': components['headers']['IdempotentReplayed']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content?: never
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      409: components['responses']['Problem']
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  listRecords: {
    parameters: {
      query?: {
        /** @description `next_cursor` of the page before. */
        cursor?: string
        /** @description Most items of the page: 1 to 100, 50 if absent. */
        limit?: number
        /** @description In this state of that type. */
        state?: string
        /** @description Of this type. */
        type?: string
      }
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Records, newest first */
      200: {
        headers: {
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['RecordPage']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  createRecord: {
    parameters: {
      query?: never
      header?: {
        /** @description A repeated request with the same key does nothing more and gets the first one's answer. */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey']
      }
      path?: never
      cookie?: never
    }
    requestBody: {
      content: {
        'application/json': components['schemas']['NewRecord']
      }
    }
    responses: {
      /** @description Make a record, in the initial state of its type */
      201: {
        headers: {
          ETag: components['headers']['ETag']
          'Idempotent-Replayed': components['headers']['IdempotentReplayed']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['Record']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      409: components['responses']['Problem']
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  getRecord: {
    parameters: {
      query?: never
      header?: never
      path: {
        record_id: string
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description A record */
      200: {
        headers: {
          ETag: components['headers']['ETag']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['Record']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  deleteRecord: {
    parameters: {
      query?: never
      header?: {
        /** @description A repeated request with the same key does nothing more and gets the first one's answer. */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey']
      }
      path: {
        record_id: string
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Hide a record; its history stays */
      204: {
        headers: {
          'Idempotent-Replayed': components['headers']['IdempotentReplayed']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content?: never
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      409: components['responses']['Problem']
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  updateRecord: {
    parameters: {
      query?: never
      header: {
        /** @description A repeated request with the same key does nothing more and gets the first one's answer. */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey']
        /** @description The `ETag` that was read. */
        'If-Match': components['parameters']['IfMatch']
      }
      path: {
        record_id: string
      }
      cookie?: never
    }
    requestBody: {
      content: {
        'application/json': components['schemas']['RecordChange']
      }
    }
    responses: {
      /** @description Change the data of a record */
      200: {
        headers: {
          ETag: components['headers']['ETag']
          'Idempotent-Replayed': components['headers']['IdempotentReplayed']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['Record']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      409: components['responses']['Problem']
      412: components['responses']['Problem']
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      428: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  listRecordHistory: {
    parameters: {
      query?: {
        /** @description `next_cursor` of the page before. */
        cursor?: string
        /** @description Most items of the page: 1 to 100, 50 if absent. */
        limit?: number
      }
      header?: never
      path: {
        record_id: string
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description What was done to a record, newest first */
      200: {
        headers: {
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['RecordEntryPage']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  noteRecordEvent: {
    parameters: {
      query?: never
      header?: {
        /** @description A repeated request with the same key does nothing more and gets the first one's answer. */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey']
      }
      path: {
        record_id: string
      }
      cookie?: never
    }
    requestBody: {
      content: {
        'application/json': components['schemas']['RecordNote']
      }
    }
    responses: {
      /** @description Note an e-mail, a call, a meeting, or anything else about a record */
      201: {
        headers: {
          'Idempotent-Replayed': components['headers']['IdempotentReplayed']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['RecordEntry']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      409: components['responses']['Problem']
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  listRecordTransitions: {
    parameters: {
      query?: never
      header?: never
      path: {
        record_id: string
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Where a record may go */
      200: {
        headers: {
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['RecordWays']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  transitionRecord: {
    parameters: {
      query?: never
      header?: {
        /** @description A repeated request with the same key does nothing more and gets the first one's answer. */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey']
        /** @description The `ETag` that was read: without it, it is not looked at. */
        'If-Match'?: components['parameters']['MayMatch']
      }
      path: {
        record_id: string
      }
      cookie?: never
    }
    requestBody: {
      content: {
        'application/json': components['schemas']['RecordMove']
      }
    }
    responses: {
      /** @description Move a record to another state */
      200: {
        headers: {
          ETag: components['headers']['ETag']
          'Idempotent-Replayed': components['headers']['IdempotentReplayed']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['Record']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      409: components['responses']['Problem']
      412: components['responses']['Problem']
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  listRules: {
    parameters: {
      query?: {
        /** @description `next_cursor` of the page before. */
        cursor?: string
        /** @description Most items of the page: 1 to 100, 50 if absent. */
        limit?: number
      }
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Automation rules, newest first */
      200: {
        headers: {
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['RulePage']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  createRule: {
    parameters: {
      query?: never
      header?: {
        /** @description A repeated request with the same key does nothing more and gets the first one's answer. */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey']
      }
      path?: never
      cookie?: never
    }
    requestBody: {
      content: {
        'application/json': components['schemas']['NewRule']
      }
    }
    responses: {
      /** @description Make a rule, and publish the workflow that it is compiled to */
      201: {
        headers: {
          ETag: components['headers']['ETag']
          'Idempotent-Replayed': components['headers']['IdempotentReplayed']
          Location: components['headers']['Location']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['Rule']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      409: components['responses']['Problem']
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  getRule: {
    parameters: {
      query?: never
      header?: never
      path: {
        rule_id: string
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description A rule */
      200: {
        headers: {
          ETag: components['headers']['ETag']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['Rule']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  updateRule: {
    parameters: {
      query?: never
      header: {
        /** @description A repeated request with the same key does nothing more and gets the first one's answer. */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey']
        /** @description The `ETag` that was read. */
        'If-Match': components['parameters']['IfMatch']
      }
      path: {
        rule_id: string
      }
      cookie?: never
    }
    requestBody: {
      content: {
        'application/json': components['schemas']['NewRule']
      }
    }
    responses: {
      /** @description Change a rule; its workflow is published anew if it says something else */
      200: {
        headers: {
          ETag: components['headers']['ETag']
          'Idempotent-Replayed': components['headers']['IdempotentReplayed']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['Rule']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      409: components['responses']['Problem']
      412: components['responses']['Problem']
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      428: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  deleteRule: {
    parameters: {
      query?: never
      header?: {
        /** @description A repeated request with the same key does nothing more and gets the first one's answer. */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey']
      }
      path: {
        rule_id: string
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Have no such rule, nor its workflow */
      204: {
        headers: {
          'Idempotent-Replayed': components['headers']['IdempotentReplayed']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content?: never
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      409: components['responses']['Problem']
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  listSchedules: {
    parameters: {
      query?: {
        /** @description `next_cursor` of the page before. */
        cursor?: string
        /** @description Most items of the page: 1 to 100, 50 if absent. */
        limit?: number
        workflow_id?: string
      }
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Schedules, newest first */
      200: {
        headers: {
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['SchedulePage']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  getSchedule: {
    parameters: {
      query?: never
      header?: never
      path: {
        schedule_id: string
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description A schedule, when it fires, and what it has started */
      200: {
        headers: {
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['ScheduleDetails']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  backfillSchedule: {
    parameters: {
      query?: never
      header?: {
        /** @description A repeated request with the same key does nothing more and gets the first one's answer. */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey']
      }
      path: {
        schedule_id: string
      }
      cookie?: never
    }
    requestBody: {
      content: {
        'application/json': components['schemas']['BackfillRange']
      }
    }
    responses: {
      /** @description Start what it would have started in a time that is past */
      200: {
        headers: {
          'Idempotent-Replayed': components['headers']['IdempotentReplayed']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['Backfilled']
        }
      }
      /** @description Start what it would have started in a time that is past */
      202: {
        headers: {
          'Idempotent-Replayed': components['headers']['IdempotentReplayed']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['Backfilled']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      409: components['responses']['Problem']
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  fireSchedule: {
    parameters: {
      query?: never
      header?: {
        /** @description A repeated request with the same key does nothing more and gets the first one's answer. */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey']
      }
      path: {
        schedule_id: string
      }
      cookie?: never
    }
    requestBody?: {
      content: {
        'application/json': components['schemas']['EmptyBody']
      }
    }
    responses: {
      /** @description Start it now */
      202: {
        headers: {
          'Idempotent-Replayed': components['headers']['IdempotentReplayed']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['Fired']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      409: components['responses']['Problem']
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  pauseSchedule: {
    parameters: {
      query?: never
      header?: {
        /** @description A repeated request with the same key does nothing more and gets the first one's answer. */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey']
      }
      path: {
        schedule_id: string
      }
      cookie?: never
    }
    requestBody?: {
      content: {
        'application/json': components['schemas']['PauseSchedule']
      }
    }
    responses: {
      /** @description Have it fire no more */
      200: {
        headers: {
          'Idempotent-Replayed': components['headers']['IdempotentReplayed']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['Schedule']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      409: components['responses']['Problem']
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  resumeSchedule: {
    parameters: {
      query?: never
      header?: {
        /** @description A repeated request with the same key does nothing more and gets the first one's answer. */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey']
      }
      path: {
        schedule_id: string
      }
      cookie?: never
    }
    requestBody?: {
      content: {
        'application/json': components['schemas']['EmptyBody']
      }
    }
    responses: {
      /** @description Have it fire from now on */
      200: {
        headers: {
          'Idempotent-Replayed': components['headers']['IdempotentReplayed']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['Schedule']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      409: components['responses']['Problem']
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  previewSchedule: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody: {
      content: {
        'application/json': components['schemas']['SchedulePreviewWish']
      }
    }
    responses: {
      /** @description When a schedule would fire */
      200: {
        headers: {
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['SchedulePreview']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  logIn: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody: {
      content: {
        'application/json': components['schemas']['LogIn']
      }
    }
    responses: {
      /** @description Log in */
      200: {
        headers: {
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'Set-Cookie': components['headers']['SetCookie']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['Me']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  logOut: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Log out */
      204: {
        headers: {
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'Set-Cookie': components['headers']['SetCookie']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content?: never
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  listSessions: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Where one is logged in */
      200: {
        headers: {
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['SessionList']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  endOtherSessions: {
    parameters: {
      query?: never
      header?: {
        /** @description A repeated request with the same key does nothing more and gets the first one's answer. */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey']
      }
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Log out everywhere else */
      204: {
        headers: {
          'Idempotent-Replayed': components['headers']['IdempotentReplayed']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content?: never
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      409: components['responses']['Problem']
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  endSession: {
    parameters: {
      query?: never
      header?: {
        /** @description A repeated request with the same key does nothing more and gets the first one's answer. */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey']
      }
      path: {
        session_id: string
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Log out there */
      204: {
        headers: {
          'Idempotent-Replayed': components['headers']['IdempotentReplayed']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content?: never
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      409: components['responses']['Problem']
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  signUp: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody: {
      content: {
        'application/json': components['schemas']['SignUp']
      }
    }
    responses: {
      /** @description Ask for a mail to sign up with */
      202: {
        headers: {
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['Nothing']
        }
      }
      400: components['responses']['Problem']
      403: components['responses']['Problem']
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  completeSignUp: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody: {
      content: {
        'application/json': components['schemas']['CompleteSignUp']
      }
    }
    responses: {
      /** @description Become a user with a workspace */
      201: {
        headers: {
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'Set-Cookie': components['headers']['SetCookie']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['Me']
        }
      }
      400: components['responses']['Problem']
      403: components['responses']['Problem']
      409: components['responses']['Problem']
      410: components['responses']['Problem']
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  listDailyStats: {
    parameters: {
      query?: {
        from?: string
        to?: string
      }
      header?: {
        /** @description The `ETag` that is known. */
        'If-None-Match'?: components['parameters']['IfNoneMatch']
      }
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description What the workspace did, day by day, the oldest first */
      200: {
        headers: {
          ETag: components['headers']['ETag']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['DailyStatsList']
        }
      }
      /** @description What the workspace did, day by day, the oldest first */
      304: {
        headers: {
          ETag: components['headers']['ETag']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content?: never
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  followWorkspace: {
    parameters: {
      query?: never
      header?: {
        /** @description The last event that was seen: the stream goes on after it. */
        'Last-Event-ID'?: components['parameters']['LastEventId']
      }
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description What changes in the workspace, live */
      200: {
        headers: {
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'text/event-stream': unknown
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  createToken: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: {
      content: {
        'application/json': components['schemas']['Wish']
      }
    }
    responses: {
      /** @description A short-lived token in exchange for the API key that the request comes with */
      200: {
        headers: {
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['Token']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  getUsage: {
    parameters: {
      query?: never
      header?: {
        /** @description The `ETag` that is known. */
        'If-None-Match'?: components['parameters']['IfNoneMatch']
      }
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description What the workspace uses of its plan */
      200: {
        headers: {
          ETag: components['headers']['ETag']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['Usage']
        }
      }
      /** @description What the workspace uses of its plan */
      304: {
        headers: {
          ETag: components['headers']['ETag']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content?: never
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  listReceipts: {
    parameters: {
      query?: {
        /** @description `next_cursor` of the page before. */
        cursor?: string
        /** @description Most items of the page: 1 to 100, 50 if absent. */
        limit?: number
        quota?: string
      }
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description The facts that were counted, newest first */
      200: {
        headers: {
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['ReceiptPage']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  listWebhookDeliveries: {
    parameters: {
      query?: {
        /** @description `next_cursor` of the page before. */
        cursor?: string
        endpoint_id?: string
        /** @description Most items of the page: 1 to 100, 50 if absent. */
        limit?: number
        status?: string
        type?: string
      }
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Deliveries, newest first */
      200: {
        headers: {
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['WebhookDeliveryPage']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  getWebhookDelivery: {
    parameters: {
      query?: never
      header?: never
      path: {
        delivery_id: string
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description A delivery with its body and attempts */
      200: {
        headers: {
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['WebhookDeliveryDetails']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  resendWebhookDelivery: {
    parameters: {
      query?: never
      header?: {
        /** @description A repeated request with the same key does nothing more and gets the first one's answer. */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey']
      }
      path: {
        delivery_id: string
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Send it again */
      202: {
        headers: {
          'Idempotent-Replayed': components['headers']['IdempotentReplayed']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['WebhookDelivery']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      409: components['responses']['Problem']
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  listWebhookEndpoints: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description All endpoints, newest first */
      200: {
        headers: {
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['WebhookEndpointList']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  createWebhookEndpoint: {
    parameters: {
      query?: never
      header?: {
        /** @description A repeated request with the same key does nothing more and gets the first one's answer. */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey']
      }
      path?: never
      cookie?: never
    }
    requestBody: {
      content: {
        'application/json': components['schemas']['WebhookEndpointWish']
      }
    }
    responses: {
      /** @description Make an endpoint, whose secret is told this once */
      201: {
        headers: {
          'Idempotent-Replayed': components['headers']['IdempotentReplayed']
          Location: components['headers']['Location']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['WebhookEndpoint']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      409: components['responses']['Problem']
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  getWebhookEndpoint: {
    parameters: {
      query?: never
      header?: never
      path: {
        endpoint_id: string
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description An endpoint */
      200: {
        headers: {
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['WebhookEndpoint']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  updateWebhookEndpoint: {
    parameters: {
      query?: never
      header?: {
        /** @description A repeated request with the same key does nothing more and gets the first one's answer. */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey']
      }
      path: {
        endpoint_id: string
      }
      cookie?: never
    }
    requestBody: {
      content: {
        'application/json': components['schemas']['WebhookEndpointWish']
      }
    }
    responses: {
      /** @description Change all of it but its secrets */
      200: {
        headers: {
          'Idempotent-Replayed': components['headers']['IdempotentReplayed']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['WebhookEndpoint']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      409: components['responses']['Problem']
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  deleteWebhookEndpoint: {
    parameters: {
      query?: never
      header?: {
        /** @description A repeated request with the same key does nothing more and gets the first one's answer. */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey']
      }
      path: {
        endpoint_id: string
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Nothing is sent to it any more */
      204: {
        headers: {
          'Idempotent-Replayed': components['headers']['IdempotentReplayed']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content?: never
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      409: components['responses']['Problem']
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  setWebhookClientCertificate: {
    parameters: {
      query?: never
      header?: {
        /** @description A repeated request with the same key does nothing more and gets the first one's answer. */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey']
      }
      path: {
        endpoint_id: string
      }
      cookie?: never
    }
    requestBody: {
      content: {
        'application/json': components['schemas']['NewClientCertificate']
      }
    }
    responses: {
      /** @description Show its receiver a certificate */
      200: {
        headers: {
          'Idempotent-Replayed': components['headers']['IdempotentReplayed']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['WebhookEndpoint']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      409: components['responses']['Problem']
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  removeWebhookClientCertificate: {
    parameters: {
      query?: never
      header?: {
        /** @description A repeated request with the same key does nothing more and gets the first one's answer. */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey']
      }
      path: {
        endpoint_id: string
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Show its receiver none any more */
      204: {
        headers: {
          'Idempotent-Replayed': components['headers']['IdempotentReplayed']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content?: never
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      409: components['responses']['Problem']
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  countWebhookDeliveries: {
    parameters: {
      query?: never
      header?: never
      path: {
        endpoint_id: string
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Its deliveries by status, each counted up to 10,000 */
      200: {
        headers: {
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': {
            [key: string]: number
          }
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  disableWebhookEndpoint: {
    parameters: {
      query?: never
      header?: {
        /** @description A repeated request with the same key does nothing more and gets the first one's answer. */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey']
      }
      path: {
        endpoint_id: string
      }
      cookie?: never
    }
    requestBody?: {
      content: {
        'application/json': components['schemas']['DisableEndpoint']
      }
    }
    responses: {
      /** @description Send it nothing; what was not delivered is cancelled */
      200: {
        headers: {
          'Idempotent-Replayed': components['headers']['IdempotentReplayed']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['WebhookEndpoint']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      409: components['responses']['Problem']
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  enableWebhookEndpoint: {
    parameters: {
      query?: never
      header?: {
        /** @description A repeated request with the same key does nothing more and gets the first one's answer. */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey']
      }
      path: {
        endpoint_id: string
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Have it get events from now on */
      200: {
        headers: {
          'Idempotent-Replayed': components['headers']['IdempotentReplayed']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['WebhookEndpoint']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      409: components['responses']['Problem']
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  resendWebhookDeliveries: {
    parameters: {
      query?: never
      header?: {
        /** @description A repeated request with the same key does nothing more and gets the first one's answer. */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey']
      }
      path: {
        endpoint_id: string
      }
      cookie?: never
    }
    requestBody: {
      content: {
        'application/json': components['schemas']['ResendDeliveries']
      }
    }
    responses: {
      /** @description Send it again what was not delivered */
      202: {
        headers: {
          'Idempotent-Replayed': components['headers']['IdempotentReplayed']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['ResentRange']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      409: components['responses']['Problem']
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  rotateWebhookSecret: {
    parameters: {
      query?: never
      header?: {
        /** @description A repeated request with the same key does nothing more and gets the first one's answer. */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey']
      }
      path: {
        endpoint_id: string
      }
      cookie?: never
    }
    requestBody?: {
      content: {
        'application/json': components['schemas']['RotateSecret']
      }
    }
    responses: {
      /** @description Give it a new secret; those of before sign along for a while */
      200: {
        headers: {
          'Idempotent-Replayed': components['headers']['IdempotentReplayed']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['WebhookEndpoint']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      409: components['responses']['Problem']
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  testWebhookEndpoint: {
    parameters: {
      query?: never
      header?: {
        /** @description A repeated request with the same key does nothing more and gets the first one's answer. */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey']
      }
      path: {
        endpoint_id: string
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Send it a test event */
      202: {
        headers: {
          'Idempotent-Replayed': components['headers']['IdempotentReplayed']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['WebhookDelivery']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      409: components['responses']['Problem']
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  listWorkflows: {
    parameters: {
      query?: {
        /** @description A JSON object: a part of the configuration of a node of the published version. */
        config?: string
        /** @description `next_cursor` of the page before. */
        cursor?: string
        /** @description Most items of the page: 1 to 100, 50 if absent. */
        limit?: number
      }
      header?: {
        /** @description The `ETag` that is known. */
        'If-None-Match'?: components['parameters']['IfNoneMatch']
      }
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Workflows, newest first */
      200: {
        headers: {
          ETag: components['headers']['ETag']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['WorkflowSummaryPage']
        }
      }
      /** @description Workflows, newest first */
      304: {
        headers: {
          ETag: components['headers']['ETag']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content?: never
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      422: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  createWorkflow: {
    parameters: {
      query?: never
      header?: {
        /** @description A repeated request with the same key does nothing more and gets the first one's answer. */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey']
      }
      path?: never
      cookie?: never
    }
    requestBody: {
      content: {
        'application/json': components['schemas']['NewWorkflow']
      }
    }
    responses: {
      /** @description Make a workflow */
      201: {
        headers: {
          ETag: components['headers']['ETag']
          'Idempotent-Replayed': components['headers']['IdempotentReplayed']
          Location: components['headers']['Location']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['Workflow']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      409: components['responses']['Problem']
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  getWorkflow: {
    parameters: {
      query?: never
      header?: never
      path: {
        workflow_id: string
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description A workflow with its draft */
      200: {
        headers: {
          ETag: components['headers']['ETag']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['Workflow']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  deleteWorkflow: {
    parameters: {
      query?: never
      header?: {
        /** @description A repeated request with the same key does nothing more and gets the first one's answer. */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey']
      }
      path: {
        workflow_id: string
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Hide a workflow; executions that have begun go on */
      204: {
        headers: {
          'Idempotent-Replayed': components['headers']['IdempotentReplayed']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content?: never
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      409: components['responses']['Problem']
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  saveDraft: {
    parameters: {
      query?: never
      header: {
        /** @description A repeated request with the same key does nothing more and gets the first one's answer. */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey']
        /** @description The `ETag` that was read. */
        'If-Match': components['parameters']['IfMatch']
      }
      path: {
        workflow_id: string
      }
      cookie?: never
    }
    requestBody: {
      content: {
        'application/json': components['schemas']['NewDraft']
      }
    }
    responses: {
      /** @description Replace the draft */
      200: {
        headers: {
          ETag: components['headers']['ETag']
          'Idempotent-Replayed': components['headers']['IdempotentReplayed']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['SavedDraft']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      409: components['responses']['Problem']
      412: components['responses']['Problem']
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      428: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  backtestDraft: {
    parameters: {
      query?: never
      header?: never
      path: {
        workflow_id: string
      }
      cookie?: never
    }
    requestBody: {
      content: {
        'application/json': components['schemas']['Backtest']
      }
    }
    responses: {
      /** @description What the draft would have made of the last executions */
      200: {
        headers: {
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['Backtested']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      410: components['responses']['Problem']
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  runDraft: {
    parameters: {
      query?: {
        /** @description As at publish. */
        accept?: string
        /** @description How long to wait for the outcome, as `10s`. */
        wait?: string
      }
      header?: {
        /** @description A repeated request with the same key does nothing more and gets the first one's answer. */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey']
        /** @description `wait=10` waits so many seconds for the outcome (RFC 7240). */
        Prefer?: components['parameters']['Prefer']
      }
      path: {
        workflow_id: string
      }
      cookie?: never
    }
    requestBody?: {
      content: {
        'application/json': components['schemas']['RunDraft']
      }
    }
    responses: {
      /** @description Run the draft for real, without publishing it */
      200: {
        headers: {
          'Idempotent-Replayed': components['headers']['IdempotentReplayed']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['StartedTrial']
        }
      }
      /** @description Run the draft for real, without publishing it */
      202: {
        headers: {
          'Idempotent-Replayed': components['headers']['IdempotentReplayed']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['StartedTrial']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      409: components['responses']['Problem']
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  simulateDraft: {
    parameters: {
      query?: never
      header?: never
      path: {
        workflow_id: string
      }
      cookie?: never
    }
    requestBody: {
      content: {
        'application/json': components['schemas']['Simulate']
      }
    }
    responses: {
      /** @description What an execution of the draft would do, without effects */
      200: {
        headers: {
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['Simulated']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      409: components['responses']['Problem']
      410: components['responses']['Problem']
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  testStep: {
    parameters: {
      query?: {
        /** @description How long to wait for the outcome, as `10s`. */
        wait?: string
      }
      header?: {
        /** @description A repeated request with the same key does nothing more and gets the first one's answer. */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey']
        /** @description `wait=10` waits so many seconds for the outcome (RFC 7240). */
        Prefer?: components['parameters']['Prefer']
      }
      path: {
        workflow_id: string
      }
      cookie?: never
    }
    requestBody: {
      content: {
        'application/json': components['schemas']['TestStep']
      }
    }
    responses: {
      /** @description Run one step of the draft for real */
      200: {
        headers: {
          'Idempotent-Replayed': components['headers']['IdempotentReplayed']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['TestedStep']
        }
      }
      /** @description Run one step of the draft for real */
      202: {
        headers: {
          'Idempotent-Replayed': components['headers']['IdempotentReplayed']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['TestedStep']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      409: components['responses']['Problem']
      410: components['responses']['Problem']
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  exportWorkflow: {
    parameters: {
      query?: never
      header?: never
      path: {
        workflow_id: string
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description The draft as a file, without secrets */
      200: {
        headers: {
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['WorkflowFile']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  listenForCall: {
    parameters: {
      query?: never
      header?: {
        /** @description A repeated request with the same key does nothing more and gets the first one's answer. */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey']
      }
      path: {
        workflow_id: string
      }
      cookie?: never
    }
    requestBody: {
      content: {
        'application/json': components['schemas']['ListenForCall']
      }
    }
    responses: {
      /** @description Wait for a call at an address, which becomes a sample */
      201: {
        headers: {
          'Idempotent-Replayed': components['headers']['IdempotentReplayed']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['Listen']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      409: components['responses']['Problem']
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  getListen: {
    parameters: {
      query?: never
      header?: never
      path: {
        listen_id: string
        workflow_id: string
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description What came */
      200: {
        headers: {
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['Listen']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  endListen: {
    parameters: {
      query?: never
      header?: {
        /** @description A repeated request with the same key does nothing more and gets the first one's answer. */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey']
      }
      path: {
        listen_id: string
        workflow_id: string
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Wait no more */
      204: {
        headers: {
          'Idempotent-Replayed': components['headers']['IdempotentReplayed']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content?: never
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      409: components['responses']['Problem']
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  setWorkflowLimit: {
    parameters: {
      query?: never
      header?: {
        /** @description A repeated request with the same key does nothing more and gets the first one's answer. */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey']
      }
      path: {
        workflow_id: string
      }
      cookie?: never
    }
    requestBody: {
      content: {
        'application/json': components['schemas']['NewLimit']
      }
    }
    responses: {
      /** @description How many executions of a workflow are at work at a time */
      204: {
        headers: {
          'Idempotent-Replayed': components['headers']['IdempotentReplayed']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content?: never
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      409: components['responses']['Problem']
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  removeWorkflowLimit: {
    parameters: {
      query?: never
      header?: {
        /** @description A repeated request with the same key does nothing more and gets the first one's answer. */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey']
      }
      path: {
        workflow_id: string
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Have no such limit */
      204: {
        headers: {
          'Idempotent-Replayed': components['headers']['IdempotentReplayed']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content?: never
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      409: components['responses']['Problem']
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  setKeyLimit: {
    parameters: {
      query?: never
      header?: {
        /** @description A repeated request with the same key does nothing more and gets the first one's answer. */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey']
      }
      path: {
        workflow_id: string
      }
      cookie?: never
    }
    requestBody: {
      content: {
        'application/json': components['schemas']['NewLimit']
      }
    }
    responses: {
      /** @description The same for each value of the key of a workflow */
      204: {
        headers: {
          'Idempotent-Replayed': components['headers']['IdempotentReplayed']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content?: never
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      409: components['responses']['Problem']
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  removeKeyLimit: {
    parameters: {
      query?: never
      header?: {
        /** @description A repeated request with the same key does nothing more and gets the first one's answer. */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey']
      }
      path: {
        workflow_id: string
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description What each version says holds again */
      204: {
        headers: {
          'Idempotent-Replayed': components['headers']['IdempotentReplayed']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content?: never
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      409: components['responses']['Problem']
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  pauseWorkflow: {
    parameters: {
      query?: never
      header?: {
        /** @description A repeated request with the same key does nothing more and gets the first one's answer. */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey']
      }
      path: {
        workflow_id: string
      }
      cookie?: never
    }
    requestBody?: {
      content: {
        'application/json': components['schemas']['PauseOrder']
      }
    }
    responses: {
      /** @description Hold up all executions of a workflow */
      200: {
        headers: {
          'Idempotent-Replayed': components['headers']['IdempotentReplayed']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['Pause']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      409: components['responses']['Problem']
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  publishDraft: {
    parameters: {
      query?: {
        /** @description Codes of findings that are errors and may stay, with commas between them. */
        accept?: string
      }
      header?: {
        /** @description A repeated request with the same key does nothing more and gets the first one's answer. */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey']
      }
      path: {
        workflow_id: string
      }
      cookie?: never
    }
    requestBody?: {
      content: {
        'application/json': components['schemas']['NewVersion']
      }
    }
    responses: {
      /** @description The draft becomes the next version */
      201: {
        headers: {
          'Idempotent-Replayed': components['headers']['IdempotentReplayed']
          Location: components['headers']['Location']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['Published']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      409: components['responses']['Problem']
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  renameWorkflow: {
    parameters: {
      query?: never
      header?: {
        /** @description A repeated request with the same key does nothing more and gets the first one's answer. */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey']
      }
      path: {
        workflow_id: string
      }
      cookie?: never
    }
    requestBody: {
      content: {
        'application/json': components['schemas']['RenameWorkflow']
      }
    }
    responses: {
      /** @description Give it another name */
      200: {
        headers: {
          ETag: components['headers']['ETag']
          'Idempotent-Replayed': components['headers']['IdempotentReplayed']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['Workflow']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      409: components['responses']['Problem']
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  resumeWorkflow: {
    parameters: {
      query?: never
      header?: {
        /** @description A repeated request with the same key does nothing more and gets the first one's answer. */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey']
      }
      path: {
        workflow_id: string
      }
      cookie?: never
    }
    requestBody?: {
      content: {
        'application/json': components['schemas']['PauseOrder']
      }
    }
    responses: {
      /** @description Have them go on */
      200: {
        headers: {
          'Idempotent-Replayed': components['headers']['IdempotentReplayed']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['Resumed']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      409: components['responses']['Problem']
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  listTriggerStarts: {
    parameters: {
      query?: {
        /** @description Most items of the page: 1 to 100, 50 if absent. */
        limit?: number
        status?: string
      }
      header?: never
      path: {
        workflow_id: string
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description What triggers have started by themselves, newest first */
      200: {
        headers: {
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['TriggerStartList']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  validateDraft: {
    parameters: {
      query?: never
      header?: never
      path: {
        workflow_id: string
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Check the draft */
      200: {
        headers: {
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['Verdict']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  listVersions: {
    parameters: {
      query?: never
      header?: {
        /** @description The `ETag` that is known. */
        'If-None-Match'?: components['parameters']['IfNoneMatch']
      }
      path: {
        workflow_id: string
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Versions of a workflow, newest first */
      200: {
        headers: {
          ETag: components['headers']['ETag']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['VersionSummaryList']
        }
      }
      /** @description Versions of a workflow, newest first */
      304: {
        headers: {
          ETag: components['headers']['ETag']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content?: never
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  getVersion: {
    parameters: {
      query?: never
      header?: never
      path: {
        version_id: string
        workflow_id: string
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description A version with its graph */
      200: {
        headers: {
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['Version']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  exportWorkflows: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description All drafts, a file on each line */
      200: {
        headers: {
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/x-ndjson': unknown
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  importWorkflows: {
    parameters: {
      query?: never
      header?: {
        /** @description A repeated request with the same key does nothing more and gets the first one's answer. */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey']
      }
      path?: never
      cookie?: never
    }
    requestBody: {
      content: {
        'application/json': components['schemas']['WorkflowImport']
      }
    }
    responses: {
      /** @description Have files become drafts, without losing a change */
      200: {
        headers: {
          'Idempotent-Replayed': components['headers']['IdempotentReplayed']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['WorkflowImported']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      409: components['responses']['Problem']
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  validateGraph: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody: {
      content: {
        'application/json': components['schemas']['Candidate']
      }
    }
    responses: {
      /** @description Check a graph without storing it */
      200: {
        headers: {
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['Verdict']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  pauseWorkspace: {
    parameters: {
      query?: never
      header?: {
        /** @description A repeated request with the same key does nothing more and gets the first one's answer. */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey']
      }
      path?: never
      cookie?: never
    }
    requestBody?: {
      content: {
        'application/json': components['schemas']['PauseOrder']
      }
    }
    responses: {
      /** @description Hold up all executions of the workspace */
      200: {
        headers: {
          'Idempotent-Replayed': components['headers']['IdempotentReplayed']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['Pause']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      409: components['responses']['Problem']
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  resumeWorkspace: {
    parameters: {
      query?: never
      header?: {
        /** @description A repeated request with the same key does nothing more and gets the first one's answer. */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey']
      }
      path?: never
      cookie?: never
    }
    requestBody?: {
      content: {
        'application/json': components['schemas']['PauseOrder']
      }
    }
    responses: {
      /** @description Have them go on; workflows that were paused by themselves stay so */
      200: {
        headers: {
          'Idempotent-Replayed': components['headers']['IdempotentReplayed']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['Resumed']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      409: components['responses']['Problem']
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  getWorkspaceSettings: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Settings of the workspace */
      200: {
        headers: {
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['WorkspaceSettings']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  setWorkspaceSettings: {
    parameters: {
      query?: never
      header?: {
        /** @description A repeated request with the same key does nothing more and gets the first one's answer. */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey']
      }
      path?: never
      cookie?: never
    }
    requestBody: {
      content: {
        'application/json': components['schemas']['WorkspaceSettingsWish']
      }
    }
    responses: {
      /** @description Change settings of the workspace */
      200: {
        headers: {
          'Idempotent-Replayed': components['headers']['IdempotentReplayed']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['WorkspaceSettings']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      409: components['responses']['Problem']
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  transferWorkspace: {
    parameters: {
      query?: never
      header?: {
        /** @description A repeated request with the same key does nothing more and gets the first one's answer. */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey']
      }
      path?: never
      cookie?: never
    }
    requestBody: {
      content: {
        'application/json': components['schemas']['TransferWorkspace']
      }
    }
    responses: {
      /** @description Give the workspace to another member */
      204: {
        headers: {
          'Idempotent-Replayed': components['headers']['IdempotentReplayed']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content?: never
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      409: components['responses']['Problem']
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  createWorkspace: {
    parameters: {
      query?: never
      header?: {
        /** @description A repeated request with the same key does nothing more and gets the first one's answer. */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey']
      }
      path?: never
      cookie?: never
    }
    requestBody: {
      content: {
        'application/json': components['schemas']['WorkspaceWish']
      }
    }
    responses: {
      /** @description Ask for a workspace; the same key is the same operation */
      200: {
        headers: {
          Location: components['headers']['Location']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['Operation']
        }
      }
      /** @description Ask for a workspace; the same key is the same operation */
      202: {
        headers: {
          Location: components['headers']['Location']
          RateLimit: components['headers']['RateLimit']
          'RateLimit-Policy': components['headers']['RateLimitPolicy']
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['Operation']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      409: components['responses']['Problem']
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      429: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
}
