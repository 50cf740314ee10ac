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
    /** GET /access */
    get: operations['getAccess']
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
    /** GET /audit */
    get: operations['getAudit']
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
    /** GET /credential-types */
    get: operations['getCredentialTypes']
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
    /** GET /credentials */
    get: operations['getCredentials']
    put?: never
    /** POST /credentials */
    post: operations['postCredentials']
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
    /** GET /credentials/{credential_id} */
    get: operations['getCredentialsCredentialId']
    /** PUT /credentials/{credential_id} */
    put: operations['putCredentialsCredentialId']
    post?: never
    /** DELETE /credentials/{credential_id} */
    delete: operations['deleteCredentialsCredentialId']
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
    /** POST /credentials/{credential_id}/rename */
    post: operations['postCredentialsCredentialIdRename']
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
    /** GET /event-types */
    get: operations['getEventTypes']
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
  '/hook-secrets': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /** GET /hook-secrets */
    get: operations['getHookSecrets']
    put?: never
    /** POST /hook-secrets */
    post: operations['postHookSecrets']
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
    /** DELETE /hook-secrets/{hook_secret_id} */
    delete: operations['deleteHookSecretsHookSecretId']
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
    /** GET /invitations */
    get: operations['getInvitations']
    put?: never
    /** POST /invitations */
    post: operations['postInvitations']
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
    /** DELETE /invitations/{invitation_id} */
    delete: operations['deleteInvitationsInvitationId']
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
    /** POST /invitations/accept */
    post: operations['postInvitationsAccept']
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
    /** GET /keys */
    get: operations['getKeys']
    put?: never
    /** POST /keys */
    post: operations['postKeys']
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
    /** DELETE /keys/{key_id} */
    delete: operations['deleteKeysKeyId']
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
  '/mail-links/look': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /** POST /mail-links/look */
    post: operations['postMailLinksLook']
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
    /** PUT /me */
    put: operations['putMe']
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
    /** PUT /me/password */
    put: operations['putMePassword']
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
    /** GET /members */
    get: operations['getMembers']
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
    /** PUT /members/{user_id} */
    put: operations['putMembersUserId']
    post?: never
    /** DELETE /members/{user_id} */
    delete: operations['deleteMembersUserId']
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
    /** POST /members/leave */
    post: operations['postMembersLeave']
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
    /** GET /operations/{operation_id} */
    get: operations['getOperationsOperationId']
    put?: never
    post?: never
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
    /** POST /password/forgot */
    post: operations['postPasswordForgot']
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
    /** POST /password/reset */
    post: operations['postPasswordReset']
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
  '/platform/tenants': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /** GET /platform/tenants */
    get: operations['getPlatformTenants']
    put?: never
    /** POST /platform/tenants */
    post: operations['postPlatformTenants']
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
    /** GET /platform/tenants/{workspace_id} */
    get: operations['getPlatformTenantsWorkspaceId']
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
    /** POST /platform/tenants/{workspace_id}/archive */
    post: operations['postPlatformTenantsWorkspaceIdArchive']
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
    /** POST /platform/tenants/{workspace_id}/resume */
    post: operations['postPlatformTenantsWorkspaceIdResume']
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
    /** POST /platform/tenants/{workspace_id}/suspend */
    post: operations['postPlatformTenantsWorkspaceIdSuspend']
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
    /** GET /platform/transitions */
    get: operations['getPlatformTransitions']
    put?: never
    post?: never
    delete?: never
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
    /** GET /schedules */
    get: operations['getSchedules']
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
    /** GET /schedules/{schedule_id} */
    get: operations['getSchedulesScheduleId']
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
    /** POST /schedules/{schedule_id}/backfill */
    post: operations['postSchedulesScheduleIdBackfill']
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
    /** POST /schedules/{schedule_id}/fire */
    post: operations['postSchedulesScheduleIdFire']
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
    /** POST /schedules/{schedule_id}/pause */
    post: operations['postSchedulesScheduleIdPause']
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
    /** POST /schedules/{schedule_id}/resume */
    post: operations['postSchedulesScheduleIdResume']
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
    /** POST /schedules/preview */
    post: operations['postSchedulesPreview']
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
    /** POST /session */
    post: operations['postSession']
    /** DELETE /session */
    delete: operations['deleteSession']
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
    /** GET /sessions */
    get: operations['getSessions']
    put?: never
    post?: never
    /** DELETE /sessions */
    delete: operations['deleteSessions']
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
    /** DELETE /sessions/{session_id} */
    delete: operations['deleteSessionsSessionId']
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
    /** POST /sign-up */
    post: operations['postSignUp']
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
    /** POST /sign-up/complete */
    post: operations['postSignUpComplete']
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
    /** GET /usage */
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
    /** GET /usage/receipts */
    get: operations['getUsageReceipts']
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
    /** GET /webhook-deliveries */
    get: operations['getWebhookDeliveries']
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
    /** GET /webhook-deliveries/{delivery_id} */
    get: operations['getWebhookDeliveriesDeliveryId']
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
    /** POST /webhook-deliveries/{delivery_id}/resend */
    post: operations['postWebhookDeliveriesDeliveryIdResend']
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
    /** GET /webhook-endpoints */
    get: operations['getWebhookEndpoints']
    put?: never
    /** POST /webhook-endpoints */
    post: operations['postWebhookEndpoints']
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
    /** GET /webhook-endpoints/{endpoint_id} */
    get: operations['getWebhookEndpointsEndpointId']
    /** PUT /webhook-endpoints/{endpoint_id} */
    put: operations['putWebhookEndpointsEndpointId']
    post?: never
    /** DELETE /webhook-endpoints/{endpoint_id} */
    delete: operations['deleteWebhookEndpointsEndpointId']
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
    /** GET /webhook-endpoints/{endpoint_id}/counts */
    get: operations['getWebhookEndpointsEndpointIdCounts']
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
    /** POST /webhook-endpoints/{endpoint_id}/disable */
    post: operations['postWebhookEndpointsEndpointIdDisable']
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
    /** POST /webhook-endpoints/{endpoint_id}/enable */
    post: operations['postWebhookEndpointsEndpointIdEnable']
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
    /** POST /webhook-endpoints/{endpoint_id}/resend */
    post: operations['postWebhookEndpointsEndpointIdResend']
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
    /** POST /webhook-endpoints/{endpoint_id}/rotate */
    post: operations['postWebhookEndpointsEndpointIdRotate']
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
    /** POST /webhook-endpoints/{endpoint_id}/test */
    post: operations['postWebhookEndpointsEndpointIdTest']
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
    delete?: never
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
  '/workflows/{workflow_id}/hooks/listen': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /** POST /workflows/{workflow_id}/hooks/listen */
    post: operations['postWorkflowsWorkflowIdHooksListen']
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
    /** GET /workflows/{workflow_id}/hooks/listen/{listen_id} */
    get: operations['getWorkflowsWorkflowIdHooksListenListenId']
    put?: never
    post?: never
    /** DELETE /workflows/{workflow_id}/hooks/listen/{listen_id} */
    delete: operations['deleteWorkflowsWorkflowIdHooksListenListenId']
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
    /** GET /workflows/{workflow_id}/trigger-starts */
    get: operations['getWorkflowsWorkflowIdTriggerStarts']
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
  '/workspace/transfer': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /** POST /workspace/transfer */
    post: operations['postWorkspaceTransfer']
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
    /** POST /workspaces */
    post: operations['postWorkspaces']
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
    /**
     * @description In what a step differs.
     * @enum {string}
     */
    Change: 'newly_runs' | 'no_longer_runs' | 'ends_otherwise' | 'other_port' | 'other_output' | 'other_config'
    /** @enum {string} */
    Decided: 'approved' | 'rejected'
    /** @enum {string} */
    Decision: 'approve' | 'reject'
    /** @description A step that is not as it was. */
    Difference: {
      /** @description The first place where its output, or its config, is not the same. */
      at?: unknown
      before: components['schemas']['Standing'] | null
      change: components['schemas']['Change']
      now: components['schemas']['Standing'] | null
      step: string
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
    /** @description An event that was taken in. */
    Event: {
      /** Format: date-time */
      at: string
      id: string
      key: string
      replayed: boolean
      type: string
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
      /** @description Why it failed. */
      error: unknown
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
      /** @description `queued, running, waiting, paused, incident, completed, failed, cancelled`. */
      status: components['schemas']['ExecutionStatus']
      /** @description Steps that are decided, frame by frame in graph order, at most `STEPS_SHOWN_MAX`. */
      steps: components['schemas']['Step'][]
      /**
       * Format: uint
       * @description How many more there are.
       */
      steps_left_out?: number
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
      /** @description Empty once it has ended. */
      reasons: components['schemas']['WaitReason'][]
      status: components['schemas']['ExecutionStatus']
    }
    /** @description Why an execution did not complete. */
    Failure: {
      class: string
      node_id: string | null
      reason: string
    }
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
    /** @description Who the request comes from, and what it may do. */
    Me: {
      /** @description Null for users. */
      key: components['schemas']['Key'] | null
      kind: components['schemas']['CallerKind']
      /** @description See `docs/permissions.md`. */
      permissions: string[]
      /** @description Of a user. */
      role: string | null
      /** @description Null for keys. */
      user: components['schemas']['User'] | null
      /** @description Null where a user has chosen none. */
      workspace: components['schemas']['Workspace'] | null
      workspaces: components['schemas']['Workspace'][]
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
    NewLimit: {
      /** Format: uint32 */
      slots_max: number
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
      /** Format: uuid */
      workflow_id: string
    }
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
    /** @description A version that was just published. */
    Published: {
      /** Format: date-time */
      created_at: string
      /** Format: uuid */
      id: string
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
      /** @description Its forms and hooks. */
      triggers: components['schemas']['TriggerAddress'][]
      /** Format: uuid */
      workflow_id: string
    }
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
       * Format: uuid
       * @description The version of the new execution; that of the old one if absent.
       */
      version_id?: string | null
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
    /** @enum {string} */
    Severity: 'error' | 'warning' | 'note'
    /** @description A signal that was taken in. */
    SignalTaken: {
      /** Format: uuid */
      signal_id: string
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
    /** @description How a step ended. */
    Standing: {
      error_class: string | null
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
    TakenEvents: {
      /** @description In the order of the request. */
      events: components['schemas']['Event'][]
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
    /** @description Where a form or hook answers. */
    TriggerAddress: {
      kind: string
      node_id: string
      /** @description A path of this server. */
      url: string
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
    /** @description Who may answer an approval. */
    WhoAnswers: {
      api_key: boolean
      link: boolean
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
      /**
       * Format: date-time
       * @description When name or draft last changed.
       */
      updated_at: string
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
    }
  }
  responses: {
    /** @description A refusal or an error: `code` is stable, `detail` says what happened, `hint` what to do. */
    Problem: {
      headers: {
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
    /** @description `wait=10` waits so many seconds for the outcome (RFC 7240). */
    Prefer: string
  }
  requestBodies: never
  headers: {
    /** @description The revision, to be sent as `If-Match` or `If-None-Match`. */
    ETag: string
    /** @description `true` if the same request was answered before, and nothing was done now. */
    IdempotentReplayed: string
    /** @description Where to read what was made. */
    Location: string
    /** @description The `Prefer` that was followed. */
    PreferenceApplied: string
    /** @description The id of the request, as the log has it; that of the client, if it sent a harmless one. */
    RequestId: string
    /** @description With 429 and 503: seconds after which to come again. */
    RetryAfter: number
  }
  pathItems: never
}
export type $defs = Record<string, never>
export interface operations {
  getAccess: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description It was done. */
      '2XX': {
        headers: {
          [name: string]: unknown
        }
        content?: never
      }
      default: components['responses']['Problem']
    }
  }
  listApprovals: {
    parameters: {
      query?: {
        /** @description `next_cursor` of the page before. */
        cursor?: string
        /** @description Most items of the page: 1 to 100, 50 if absent. */
        limit?: string
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
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  getAudit: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description It was done. */
      '2XX': {
        headers: {
          [name: string]: unknown
        }
        content?: never
      }
      default: components['responses']['Problem']
    }
  }
  listBulkJobs: {
    parameters: {
      query?: {
        /** @description `next_cursor` of the page before. */
        cursor?: string
        /** @description Most items of the page: 1 to 100, 50 if absent. */
        limit?: string
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
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  cancelBulkJob: {
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
      /** @description What is left of it is not done */
      200: {
        headers: {
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
        limit?: string
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
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  getCredentialTypes: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description It was done. */
      '2XX': {
        headers: {
          [name: string]: unknown
        }
        content?: never
      }
      default: components['responses']['Problem']
    }
  }
  getCredentials: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description It was done. */
      '2XX': {
        headers: {
          [name: string]: unknown
        }
        content?: never
      }
      default: components['responses']['Problem']
    }
  }
  postCredentials: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description It was done. */
      '2XX': {
        headers: {
          [name: string]: unknown
        }
        content?: never
      }
      default: components['responses']['Problem']
    }
  }
  getCredentialsCredentialId: {
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
      /** @description It was done. */
      '2XX': {
        headers: {
          [name: string]: unknown
        }
        content?: never
      }
      default: components['responses']['Problem']
    }
  }
  putCredentialsCredentialId: {
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
      /** @description It was done. */
      '2XX': {
        headers: {
          [name: string]: unknown
        }
        content?: never
      }
      default: components['responses']['Problem']
    }
  }
  deleteCredentialsCredentialId: {
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
      /** @description It was done. */
      '2XX': {
        headers: {
          [name: string]: unknown
        }
        content?: never
      }
      default: components['responses']['Problem']
    }
  }
  postCredentialsCredentialIdRename: {
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
      /** @description It was done. */
      '2XX': {
        headers: {
          [name: string]: unknown
        }
        content?: never
      }
      default: components['responses']['Problem']
    }
  }
  getEventTypes: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description It was done. */
      '2XX': {
        headers: {
          [name: string]: unknown
        }
        content?: never
      }
      default: components['responses']['Problem']
    }
  }
  sendEvent: {
    parameters: {
      query?: never
      header?: never
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
      header?: never
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
        /** @description Most items of the page: 1 to 100, 50 if absent. */
        limit?: string
        parent_id?: string
        trial?: string
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
      header?: never
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
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'text/event-stream': string
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
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  readLogs: {
    parameters: {
      query?: {
        after?: string
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
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  migrateExecution: {
    parameters: {
      query?: never
      header?: never
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
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  pauseExecution: {
    parameters: {
      query?: never
      header?: never
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
  resolveIncident: {
    parameters: {
      query?: never
      header?: never
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
      header?: never
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
      header?: never
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
  getHookSecrets: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description It was done. */
      '2XX': {
        headers: {
          [name: string]: unknown
        }
        content?: never
      }
      default: components['responses']['Problem']
    }
  }
  postHookSecrets: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description It was done. */
      '2XX': {
        headers: {
          [name: string]: unknown
        }
        content?: never
      }
      default: components['responses']['Problem']
    }
  }
  deleteHookSecretsHookSecretId: {
    parameters: {
      query?: never
      header?: never
      path: {
        hook_secret_id: string
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description It was done. */
      '2XX': {
        headers: {
          [name: string]: unknown
        }
        content?: never
      }
      default: components['responses']['Problem']
    }
  }
  getInvitations: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description It was done. */
      '2XX': {
        headers: {
          [name: string]: unknown
        }
        content?: never
      }
      default: components['responses']['Problem']
    }
  }
  postInvitations: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description It was done. */
      '2XX': {
        headers: {
          [name: string]: unknown
        }
        content?: never
      }
      default: components['responses']['Problem']
    }
  }
  deleteInvitationsInvitationId: {
    parameters: {
      query?: never
      header?: never
      path: {
        invitation_id: string
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description It was done. */
      '2XX': {
        headers: {
          [name: string]: unknown
        }
        content?: never
      }
      default: components['responses']['Problem']
    }
  }
  postInvitationsAccept: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description It was done. */
      '2XX': {
        headers: {
          [name: string]: unknown
        }
        content?: never
      }
      default: components['responses']['Problem']
    }
  }
  getKeys: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description It was done. */
      '2XX': {
        headers: {
          [name: string]: unknown
        }
        content?: never
      }
      default: components['responses']['Problem']
    }
  }
  postKeys: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description It was done. */
      '2XX': {
        headers: {
          [name: string]: unknown
        }
        content?: never
      }
      default: components['responses']['Problem']
    }
  }
  deleteKeysKeyId: {
    parameters: {
      query?: never
      header?: never
      path: {
        key_id: string
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description It was done. */
      '2XX': {
        headers: {
          [name: string]: unknown
        }
        content?: never
      }
      default: components['responses']['Problem']
    }
  }
  listLimits: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Limits on how many executions are at work, and how many are */
      200: {
        headers: {
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['LimitList']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  setWorkspaceLimit: {
    parameters: {
      query?: never
      header?: never
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
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  removeWorkspaceLimit: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Have no such limit */
      204: {
        headers: {
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content?: never
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  postMailLinksLook: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description It was done. */
      '2XX': {
        headers: {
          [name: string]: unknown
        }
        content?: never
      }
      default: components['responses']['Problem']
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
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  putMe: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description It was done. */
      '2XX': {
        headers: {
          [name: string]: unknown
        }
        content?: never
      }
      default: components['responses']['Problem']
    }
  }
  putMePassword: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description It was done. */
      '2XX': {
        headers: {
          [name: string]: unknown
        }
        content?: never
      }
      default: components['responses']['Problem']
    }
  }
  getMembers: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description It was done. */
      '2XX': {
        headers: {
          [name: string]: unknown
        }
        content?: never
      }
      default: components['responses']['Problem']
    }
  }
  putMembersUserId: {
    parameters: {
      query?: never
      header?: never
      path: {
        user_id: string
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description It was done. */
      '2XX': {
        headers: {
          [name: string]: unknown
        }
        content?: never
      }
      default: components['responses']['Problem']
    }
  }
  deleteMembersUserId: {
    parameters: {
      query?: never
      header?: never
      path: {
        user_id: string
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description It was done. */
      '2XX': {
        headers: {
          [name: string]: unknown
        }
        content?: never
      }
      default: components['responses']['Problem']
    }
  }
  postMembersLeave: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description It was done. */
      '2XX': {
        headers: {
          [name: string]: unknown
        }
        content?: never
      }
      default: components['responses']['Problem']
    }
  }
  listNodeTypes: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description The palette: every node type with its schema */
      200: {
        headers: {
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['NodeTypeList']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
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
  getOperationsOperationId: {
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
      /** @description It was done. */
      '2XX': {
        headers: {
          [name: string]: unknown
        }
        content?: never
      }
      default: components['responses']['Problem']
    }
  }
  postPasswordForgot: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description It was done. */
      '2XX': {
        headers: {
          [name: string]: unknown
        }
        content?: never
      }
      default: components['responses']['Problem']
    }
  }
  postPasswordReset: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description It was done. */
      '2XX': {
        headers: {
          [name: string]: unknown
        }
        content?: never
      }
      default: components['responses']['Problem']
    }
  }
  listPauses: {
    parameters: {
      query?: {
        /** @description `next_cursor` of the page before. */
        cursor?: string
        /** @description Most items of the page: 1 to 100, 50 if absent. */
        limit?: string
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
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  getPlatformTenants: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description It was done. */
      '2XX': {
        headers: {
          [name: string]: unknown
        }
        content?: never
      }
      default: components['responses']['Problem']
    }
  }
  postPlatformTenants: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description It was done. */
      '2XX': {
        headers: {
          [name: string]: unknown
        }
        content?: never
      }
      default: components['responses']['Problem']
    }
  }
  getPlatformTenantsWorkspaceId: {
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
      /** @description It was done. */
      '2XX': {
        headers: {
          [name: string]: unknown
        }
        content?: never
      }
      default: components['responses']['Problem']
    }
  }
  postPlatformTenantsWorkspaceIdArchive: {
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
      /** @description It was done. */
      '2XX': {
        headers: {
          [name: string]: unknown
        }
        content?: never
      }
      default: components['responses']['Problem']
    }
  }
  postPlatformTenantsWorkspaceIdResume: {
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
      /** @description It was done. */
      '2XX': {
        headers: {
          [name: string]: unknown
        }
        content?: never
      }
      default: components['responses']['Problem']
    }
  }
  postPlatformTenantsWorkspaceIdSuspend: {
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
      /** @description It was done. */
      '2XX': {
        headers: {
          [name: string]: unknown
        }
        content?: never
      }
      default: components['responses']['Problem']
    }
  }
  getPlatformTransitions: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description It was done. */
      '2XX': {
        headers: {
          [name: string]: unknown
        }
        content?: never
      }
      default: components['responses']['Problem']
    }
  }
  getSchedules: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description It was done. */
      '2XX': {
        headers: {
          [name: string]: unknown
        }
        content?: never
      }
      default: components['responses']['Problem']
    }
  }
  getSchedulesScheduleId: {
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
      /** @description It was done. */
      '2XX': {
        headers: {
          [name: string]: unknown
        }
        content?: never
      }
      default: components['responses']['Problem']
    }
  }
  postSchedulesScheduleIdBackfill: {
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
      /** @description It was done. */
      '2XX': {
        headers: {
          [name: string]: unknown
        }
        content?: never
      }
      default: components['responses']['Problem']
    }
  }
  postSchedulesScheduleIdFire: {
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
      /** @description It was done. */
      '2XX': {
        headers: {
          [name: string]: unknown
        }
        content?: never
      }
      default: components['responses']['Problem']
    }
  }
  postSchedulesScheduleIdPause: {
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
      /** @description It was done. */
      '2XX': {
        headers: {
          [name: string]: unknown
        }
        content?: never
      }
      default: components['responses']['Problem']
    }
  }
  postSchedulesScheduleIdResume: {
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
      /** @description It was done. */
      '2XX': {
        headers: {
          [name: string]: unknown
        }
        content?: never
      }
      default: components['responses']['Problem']
    }
  }
  postSchedulesPreview: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description It was done. */
      '2XX': {
        headers: {
          [name: string]: unknown
        }
        content?: never
      }
      default: components['responses']['Problem']
    }
  }
  postSession: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description It was done. */
      '2XX': {
        headers: {
          [name: string]: unknown
        }
        content?: never
      }
      default: components['responses']['Problem']
    }
  }
  deleteSession: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description It was done. */
      '2XX': {
        headers: {
          [name: string]: unknown
        }
        content?: never
      }
      default: components['responses']['Problem']
    }
  }
  getSessions: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description It was done. */
      '2XX': {
        headers: {
          [name: string]: unknown
        }
        content?: never
      }
      default: components['responses']['Problem']
    }
  }
  deleteSessions: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description It was done. */
      '2XX': {
        headers: {
          [name: string]: unknown
        }
        content?: never
      }
      default: components['responses']['Problem']
    }
  }
  deleteSessionsSessionId: {
    parameters: {
      query?: never
      header?: never
      path: {
        session_id: string
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description It was done. */
      '2XX': {
        headers: {
          [name: string]: unknown
        }
        content?: never
      }
      default: components['responses']['Problem']
    }
  }
  postSignUp: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description It was done. */
      '2XX': {
        headers: {
          [name: string]: unknown
        }
        content?: never
      }
      default: components['responses']['Problem']
    }
  }
  postSignUpComplete: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description It was done. */
      '2XX': {
        headers: {
          [name: string]: unknown
        }
        content?: never
      }
      default: components['responses']['Problem']
    }
  }
  getUsage: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description It was done. */
      '2XX': {
        headers: {
          [name: string]: unknown
        }
        content?: never
      }
      default: components['responses']['Problem']
    }
  }
  getUsageReceipts: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description It was done. */
      '2XX': {
        headers: {
          [name: string]: unknown
        }
        content?: never
      }
      default: components['responses']['Problem']
    }
  }
  getWebhookDeliveries: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description It was done. */
      '2XX': {
        headers: {
          [name: string]: unknown
        }
        content?: never
      }
      default: components['responses']['Problem']
    }
  }
  getWebhookDeliveriesDeliveryId: {
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
      /** @description It was done. */
      '2XX': {
        headers: {
          [name: string]: unknown
        }
        content?: never
      }
      default: components['responses']['Problem']
    }
  }
  postWebhookDeliveriesDeliveryIdResend: {
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
      /** @description It was done. */
      '2XX': {
        headers: {
          [name: string]: unknown
        }
        content?: never
      }
      default: components['responses']['Problem']
    }
  }
  getWebhookEndpoints: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description It was done. */
      '2XX': {
        headers: {
          [name: string]: unknown
        }
        content?: never
      }
      default: components['responses']['Problem']
    }
  }
  postWebhookEndpoints: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description It was done. */
      '2XX': {
        headers: {
          [name: string]: unknown
        }
        content?: never
      }
      default: components['responses']['Problem']
    }
  }
  getWebhookEndpointsEndpointId: {
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
      /** @description It was done. */
      '2XX': {
        headers: {
          [name: string]: unknown
        }
        content?: never
      }
      default: components['responses']['Problem']
    }
  }
  putWebhookEndpointsEndpointId: {
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
      /** @description It was done. */
      '2XX': {
        headers: {
          [name: string]: unknown
        }
        content?: never
      }
      default: components['responses']['Problem']
    }
  }
  deleteWebhookEndpointsEndpointId: {
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
      /** @description It was done. */
      '2XX': {
        headers: {
          [name: string]: unknown
        }
        content?: never
      }
      default: components['responses']['Problem']
    }
  }
  getWebhookEndpointsEndpointIdCounts: {
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
      /** @description It was done. */
      '2XX': {
        headers: {
          [name: string]: unknown
        }
        content?: never
      }
      default: components['responses']['Problem']
    }
  }
  postWebhookEndpointsEndpointIdDisable: {
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
      /** @description It was done. */
      '2XX': {
        headers: {
          [name: string]: unknown
        }
        content?: never
      }
      default: components['responses']['Problem']
    }
  }
  postWebhookEndpointsEndpointIdEnable: {
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
      /** @description It was done. */
      '2XX': {
        headers: {
          [name: string]: unknown
        }
        content?: never
      }
      default: components['responses']['Problem']
    }
  }
  postWebhookEndpointsEndpointIdResend: {
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
      /** @description It was done. */
      '2XX': {
        headers: {
          [name: string]: unknown
        }
        content?: never
      }
      default: components['responses']['Problem']
    }
  }
  postWebhookEndpointsEndpointIdRotate: {
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
      /** @description It was done. */
      '2XX': {
        headers: {
          [name: string]: unknown
        }
        content?: never
      }
      default: components['responses']['Problem']
    }
  }
  postWebhookEndpointsEndpointIdTest: {
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
      /** @description It was done. */
      '2XX': {
        headers: {
          [name: string]: unknown
        }
        content?: never
      }
      default: components['responses']['Problem']
    }
  }
  listWorkflows: {
    parameters: {
      query?: {
        /** @description `next_cursor` of the page before. */
        cursor?: string
        /** @description Most items of the page: 1 to 100, 50 if absent. */
        limit?: string
      }
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Workflows, newest first */
      200: {
        headers: {
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['WorkflowSummaryPage']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  createWorkflow: {
    parameters: {
      query?: never
      header?: never
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
          Location: components['headers']['Location']
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
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  saveDraft: {
    parameters: {
      query?: never
      header: {
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
      412: components['responses']['Problem']
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      428: components['responses']['Problem']
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
  postWorkflowsWorkflowIdHooksListen: {
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
      /** @description It was done. */
      '2XX': {
        headers: {
          [name: string]: unknown
        }
        content?: never
      }
      default: components['responses']['Problem']
    }
  }
  getWorkflowsWorkflowIdHooksListenListenId: {
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
      /** @description It was done. */
      '2XX': {
        headers: {
          [name: string]: unknown
        }
        content?: never
      }
      default: components['responses']['Problem']
    }
  }
  deleteWorkflowsWorkflowIdHooksListenListenId: {
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
      /** @description It was done. */
      '2XX': {
        headers: {
          [name: string]: unknown
        }
        content?: never
      }
      default: components['responses']['Problem']
    }
  }
  setWorkflowLimit: {
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
        'application/json': components['schemas']['NewLimit']
      }
    }
    responses: {
      /** @description How many executions of a workflow are at work at a time */
      204: {
        headers: {
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content?: never
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  removeWorkflowLimit: {
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
      /** @description Have no such limit */
      204: {
        headers: {
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content?: never
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  setKeyLimit: {
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
        'application/json': components['schemas']['NewLimit']
      }
    }
    responses: {
      /** @description The same for each value of the key of a workflow */
      204: {
        headers: {
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content?: never
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  removeKeyLimit: {
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
      /** @description What each version says holds again */
      204: {
        headers: {
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content?: never
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  pauseWorkflow: {
    parameters: {
      query?: never
      header?: never
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
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
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
      header?: never
      path: {
        workflow_id: string
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description The draft becomes the next version */
      201: {
        headers: {
          Location: components['headers']['Location']
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
      422: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  resumeWorkflow: {
    parameters: {
      query?: never
      header?: never
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
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  getWorkflowsWorkflowIdTriggerStarts: {
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
      /** @description It was done. */
      '2XX': {
        headers: {
          [name: string]: unknown
        }
        content?: never
      }
      default: components['responses']['Problem']
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
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  listVersions: {
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
      /** @description Versions of a workflow, newest first */
      200: {
        headers: {
          'X-Request-Id': components['headers']['RequestId']
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['VersionSummaryList']
        }
      }
      400: components['responses']['Problem']
      401: components['responses']['Problem']
      403: components['responses']['Problem']
      404: components['responses']['Problem']
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
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  pauseWorkspace: {
    parameters: {
      query?: never
      header?: never
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
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  resumeWorkspace: {
    parameters: {
      query?: never
      header?: never
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
      413: components['responses']['Problem']
      415: components['responses']['Problem']
      422: components['responses']['Problem']
      500: components['responses']['Problem']
      503: components['responses']['Problem']
    }
  }
  postWorkspaceTransfer: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description It was done. */
      '2XX': {
        headers: {
          [name: string]: unknown
        }
        content?: never
      }
      default: components['responses']['Problem']
    }
  }
  postWorkspaces: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description It was done. */
      '2XX': {
        headers: {
          [name: string]: unknown
        }
        content?: never
      }
      default: components['responses']['Problem']
    }
  }
}
